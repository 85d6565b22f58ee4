/** In the place of src/targets/process/holder.ts: each life is a process of its own. */
import { theSimulation } from './current.ts'

export function holderOf(): string {
  return `sim:${theSimulation().life?.number ?? 0}:1`
}

export function isHolderAlive(holder: string): boolean {
  const { life } = theSimulation()
  return life !== undefined && !life.isDead && holder === holderOf()
}
