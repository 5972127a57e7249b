import path from 'node:path';
import { transformAsync, type NodePath, type PluginObj, types } from '@babel/core';
import linguiMacro from '@lingui/babel-plugin-lingui-macro';
import { makeConfig } from '@lingui/conf';
import { compileMessage } from '@lingui/message-utils/compileMessage';
import type { Plugin } from 'vite';
import linguiConfig from './lingui.config.ts';

const SOURCE = path.join(import.meta.dirname, 'src') + path.sep;
const MACRO = /from '@lingui\/(core|react)\/macro'/;

/**
 * Expands the macros of Lingui, and compiles the English messages. The browser gets neither a parser
 * of messages nor a catalog: each chunk has its own texts.
 */
export function messages(): Plugin {
  return {
    name: 'messages',
    enforce: 'pre',
    async transform(code, id) {
      if (!id.startsWith(SOURCE) || !/\.tsx?$/.test(id) || !MACRO.test(code)) return;
      const result = await transformAsync(code, {
        filename: id,
        configFile: false,
        babelrc: false,
        sourceMaps: true,
        parserOpts: { plugins: id.endsWith('x') ? ['typescript', 'jsx'] : ['typescript'] },
        plugins: [[linguiMacro, { linguiConfig: makeConfig(linguiConfig), stripMessageField: false }], compiled],
      });
      return { code: result!.code!, map: result!.map };
    },
  };
}

/** Replaces the text of each message with its compiled form, which the runtime takes as well. */
function compiled(): PluginObj {
  return {
    visitor: {
      Program: {
        exit(program: NodePath) {
          program.traverse({
            ObjectExpression({ node }) {
              if (!node.leadingComments?.some(({ value }) => value.trim() === 'i18n')) return;
              for (const property of node.properties) {
                if (!types.isObjectProperty(property) || !types.isIdentifier(property.key, { name: 'message' }))
                  continue;
                if (!types.isStringLiteral(property.value)) continue;
                property.value = types.valueToNode(compileMessage(property.value.value)) as types.ArrayExpression;
              }
            },
          });
        },
      },
    },
  };
}
