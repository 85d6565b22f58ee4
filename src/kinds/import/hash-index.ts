/**
 * Hashes instead of texts: a million matching keys in a few dozen megabytes. 53 bits make one false match in ten
 * thousand full imports of a million rows each, and every match is verified on the real values before it counts.
 */

const empty = 0

/** A number from 1 to 2^53 - 1, spread evenly over texts; the same on every machine and run. */
export function hash53(text: string): number {
  let high = 0x2545f491
  let low = 0x4f6cdd1d ^ text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    high = Math.imul(high ^ unit, 0x85ebca6b)
    high = (high << 13) | (high >>> 19)
    low = Math.imul(low ^ unit, 0xc2b2ae35)
    low = (low << 17) | (low >>> 15)
  }
  high = mixed(high ^ (low >>> 7))
  low = mixed(low ^ high)
  return (high >>> 11) * 2 ** 32 + (low >>> 0) || 1
}

function mixed(value: number): number {
  let word = value
  word = Math.imul(word ^ (word >>> 16), 0x7feb352d)
  word = Math.imul(word ^ (word >>> 15), 0x846ca68b)
  return word ^ (word >>> 16)
}

/** A set of hashes; grows as it must, and takes 8 bytes a place. */
export class HashSet {
  private slots: Float64Array
  private count = 0

  /** Room for `expected` hashes is taken at once, so that growing never doubles it. */
  constructor(expected: number) {
    this.slots = new Float64Array(capacityFor(expected))
  }

  get size(): number {
    return this.count
  }

  has(hash: number): boolean {
    return this.slots[slotOf(this.slots, hash)] === hash
  }

  add(hash: number): void {
    const slot = slotOf(this.slots, hash)
    if (this.slots[slot] === hash) return
    this.slots[slot] = hash
    this.count++
    if (this.count > this.slots.length * fullMax) this.grow()
  }

  private grow(): void {
    const before = this.slots
    this.slots = new Float64Array(before.length * 2)
    for (const hash of before) if (hash !== empty) this.slots[slotOf(this.slots, hash)] = hash
  }
}

/** From hashes to numbers; the first entry of a hash stands. 16 bytes a place. */
export class HashIndex {
  private slots: Float64Array
  private values: Float64Array
  private count = 0

  constructor(expected: number) {
    this.slots = new Float64Array(capacityFor(expected))
    this.values = new Float64Array(this.slots.length)
  }

  get(hash: number): number | undefined {
    const slot = slotOf(this.slots, hash)
    return this.slots[slot] === hash ? this.values[slot] : undefined
  }

  add(hash: number, value: number): void {
    const slot = slotOf(this.slots, hash)
    if (this.slots[slot] === hash) return
    this.slots[slot] = hash
    this.values[slot] = value
    this.count++
    if (this.count > this.slots.length * fullMax) this.grow()
  }

  private grow(): void {
    const [slots, values] = [this.slots, this.values]
    this.slots = new Float64Array(slots.length * 2)
    this.values = new Float64Array(slots.length * 2)
    for (let i = 0; i < slots.length; i++) {
      const hash = slots[i] ?? empty
      if (hash === empty) continue
      const slot = slotOf(this.slots, hash)
      this.slots[slot] = hash
      this.values[slot] = values[i] ?? 0
    }
  }
}

const fullMax = 0.75

function capacityFor(expected: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(64, expected / fullMax + 1)))
}

/** Where the hash is, or the free place where it belongs. The length is a power of two. */
function slotOf(slots: Float64Array, hash: number): number {
  const mask = slots.length - 1
  let slot = (hash % 4294967296) & mask
  for (;;) {
    const there = slots[slot]
    if (there === hash || there === empty) return slot
    slot = (slot + 1) & mask
  }
}
