# One image for all roles; SIGNPOST_ROLE sets the role of a container. 24.22.3 is the first Node 24 that
# reads all JSON keys as they are (docs/adr/0014-node-version.md).
ARG NODE_IMAGE=node:24.22.3-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY sdk/package.json sdk/
COPY cli/package.json cli/
COPY web/package.json web/
RUN npm ci
COPY . .
# Fails on a Node that misreads keys, which the service would only warn of.
RUN npm run build && node -e "process.exit(require('./dist/process/json-keys').misreadsKeys() ? 1 : 0)"
RUN npm prune --omit=dev --omit=optional

FROM ${NODE_IMAGE}
ARG NODE_IMAGE
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Signpost" \
  org.opencontainers.image.description="Durable webhook notifications: every delivery is a Temporal workflow" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.base.name="docker.io/library/${NODE_IMAGE}"
ENV NODE_ENV=production
WORKDIR /app
# The files belong to root: the service cannot change its own program. With DATABASE_URL and
# TEMPORAL_ADDRESS, which the image needs, it writes nothing.
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/migrations ./migrations
COPY --from=build /app/dist ./dist
# The user `node`. Kubernetes accepts only a number as a user who is not root.
USER 1000:1000
EXPOSE 8080 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.SIGNPOST_PORT || 8080) + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
