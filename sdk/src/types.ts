import type { paths } from './openapi.js';

/** HTTP method of an operation. */
export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
/** The paths that support a method. */
export type PathsWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, infer O> ? ([O] extends [undefined] ? never : P) : never;
}[keyof paths];
type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never;

/** Path parameters of an operation. */
export type PathParams<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { parameters: { path: infer X } } ? X : undefined;
/** Query parameters of an operation. */
export type Query<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { parameters: { query?: infer X } } ? NonNullable<X> : undefined;
/** JSON body of an operation's request. */
export type RequestBody<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { requestBody?: infer R }
    ? NonNullable<R> extends { content: { 'application/json': infer B } }
      ? B
      : undefined
    : undefined;
type Json<R> = R extends { content: { 'application/json': infer B } } ? B : undefined;
/** JSON body of an operation's response. */
export type ResponseBody<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer R }
    ? 200 extends keyof R
      ? Json<R[200]>
      : 201 extends keyof R
        ? Json<R[201]>
        : 202 extends keyof R
          ? Json<R[202]>
          : undefined
    : never;

/** Item type of a list operation. */
export type ItemOf<P extends keyof paths> = ResponseBody<P, 'get'> extends { items: (infer I)[] } ? I : never;
/** The paths of list operations. */
export type ListPath = { [P in PathsWith<'get'> & keyof paths]: ItemOf<P> extends never ? never : P }[PathsWith<'get'> &
  keyof paths];
