/** A number of things, in words for a message: `1 client`, `1,024 clients`. */
export function counted(count: number, thing: string): string {
  return `${count.toLocaleString('en-US')} ${thing}${count === 1 ? '' : 's'}`
}
