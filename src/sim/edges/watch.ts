/** In the place of src/targets/sqlite/watch.ts: a commit of anybody is noticed within the time that looking at stamps takes. */
import type { Clock } from '../../clock.ts'
import { theSimulation } from './current.ts'

export function watchDatabase(
  path: string,
  notify: () => void,
  { clock }: { readonly clock: Clock },
): { close(): void } {
  let closed = false
  let timer: { cancel(): void } | undefined
  const simulation = theSimulation()
  const soon = () => {
    if (closed || timer !== undefined) return
    timer = clock.after(Math.ceil(simulation.random.next() * 100), () => {
      timer = undefined
      if (!closed) notify()
    })
  }
  const watching = simulation.watch(path, soon)
  soon()
  return {
    close() {
      closed = true
      timer?.cancel()
      watching.close()
    },
  }
}
