export const sizingMarkdown = () => '';
