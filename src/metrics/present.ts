/** A record without the entries that are undefined: what is unknown is absent, in JSON as in memory. */
export function present<Value extends object>(record: { [Key in keyof Value]: Value[Key] | undefined }): Partial<Value> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Partial<Value>
}
