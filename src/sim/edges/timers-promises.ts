/** `node:timers/promises` of the simulated machine. */
import { livingLife, neverSettled } from './current.ts'

/** A turn for others: what was begun goes on before it, and no time passes. A dead process has none. */
export async function setImmediate(): Promise<void> {
  const life = livingLife()
  await Promise.resolve()
  if (life.isDead) await neverSettled()
}

export function setTimeout(ms: number): Promise<void> {
  return livingLife().clock.sleep(ms)
}
