/** The path of a server's root, where its base URL may be that of the OpenAI API beside its own. */
export function rootPath(path: string): string {
  return path.replace(/\/v\d[^/]*$/, '')
}
