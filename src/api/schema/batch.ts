/** Questions about single records that the resolvers of one page ask together, so that they cost one reading and not one each. */

/**
 * Gives a function that collects keys until the current turn is over, asks for all of them at once, and gives each caller
 * its own. A failure is everybody's.
 *
 * @param keysMax more are asked for in several readings
 */
export function batched<Value>(
  ask: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
  keysMax = 1000,
): (key: string) => Promise<Value | undefined> {
  let open: { readonly keys: Set<string>; readonly answer: Promise<ReadonlyMap<string, Value>> } | undefined
  return async (key) => {
    if (open === undefined || open.keys.size >= keysMax) {
      const keys = new Set<string>()
      const answer = afterThisTurn().then(() => {
        if (open?.keys === keys) open = undefined
        return ask([...keys])
      })
      open = { keys, answer }
    }
    open.keys.add(key)
    return (await open.answer).get(key)
  }
}

/** After all resolvers of a list have run, which GraphQL calls one after the other, some over a promise or two. */
function afterThisTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
