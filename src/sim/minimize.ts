/** The fewest of some items with which something still holds, found by leaving out (delta debugging). */

/** Undefined: nothing more may be tried. */
export type Holds<Item> = (kept: readonly Item[]) => Promise<boolean | undefined>

/**
 * Leaves out all, then pieces, from halves down to single items, until none can be left out any more (or no more may be
 * tried). What holds with some items need not hold with more of them. The same items are never tried twice.
 */
export async function minimize<Item>(items: readonly Item[], holds: Holds<Item>): Promise<readonly Item[]> {
  const tried = new Set<string>([items.join()])
  let kept = items
  let isOver = false
  const holdsWith = async (some: readonly Item[]): Promise<boolean> => {
    if (isOver || tried.has(some.join())) return false
    tried.add(some.join())
    const answer = await holds(some)
    isOver = answer === undefined
    if (answer === true) kept = some
    return answer === true
  }
  await holdsWith([])
  for (let size = Math.ceil(kept.length / 2); size >= 1 && !isOver; ) {
    const before = kept.length
    for (let at = 0; at < kept.length; ) {
      const isLeftOut = await holdsWith([...kept.slice(0, at), ...kept.slice(at + size)])
      // What is left out makes room for those after it.
      if (!isLeftOut) at += size
    }
    // Without one of them another may have become superfluous.
    if (size > 1) size = Math.ceil(size / 2)
    else if (kept.length === before) break
  }
  return kept
}

/**
 * The fewest of `count` with which something holds, by halves and not closer than `grain`. What holds with some need not hold
 * with more, so that this may end above the very fewest; it never ends with a number that was not tried.
 */
export async function fewest(
  count: number,
  grain: number,
  holds: (some: number) => Promise<boolean | undefined>,
): Promise<number> {
  let tooFew = -1
  let enough = count
  while (enough - tooFew > grain) {
    const middle = tooFew === -1 ? 0 : Math.floor((tooFew + enough) / 2)
    const answer = await holds(middle)
    if (answer === undefined) break
    if (answer) enough = middle
    else tooFew = middle
  }
  return enough
}
