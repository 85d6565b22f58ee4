/** `node:crypto` whose chance is that of the simulation. */
import * as real from 'node:crypto'
import { isSimulating, theSimulation } from './current.ts'

export * from 'node:crypto'

export const randomBytes = (count: number): Buffer =>
  isSimulating() ? Buffer.from(theSimulation().random.hex(count), 'hex') : real.randomBytes(count)

export const randomUUID = (): string => (isSimulating() ? theSimulation().random.uuid() : real.randomUUID())
