/** A number of its own for each turn of each seed (xorshift-multiply, as in splitmix32). */
export function mixed(seed: number, turn: number): number {
  let value = (seed ^ Math.imul(turn, 0x9e3779b9)) >>> 0
  value = Math.imul(value ^ (value >>> 16), 0x21f0aaad)
  value = Math.imul(value ^ (value >>> 15), 0x735a2d97)
  return (value ^ (value >>> 15)) >>> 0
}
