/** `node:timers/promises` of the simulated machine. */
import { livingLife } from './current.ts'

const never = new Promise<never>(() => undefined)

/** A turn for others: what was begun goes on before it, and no time passes. A dead process has none. */
export async function setImmediate(): Promise<void> {
  const life = livingLife()
  await Promise.resolve()
  if (life.isDead) await never
}

export function setTimeout(ms: number): Promise<void> {
  return livingLife().clock.sleep(ms)
}
