/** The standard form of the simulated addresses: no space around them, all small letters. */
export function standardEmail(value: unknown): unknown {
  return typeof value === 'string' ? value.trim().toLowerCase() : value
}
