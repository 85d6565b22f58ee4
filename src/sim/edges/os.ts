/** `node:os` of the simulated machine: its folder for passing files is its own. */
import * as real from 'node:os'
import { isSimulating, shownFolder } from './current.ts'

export * from 'node:os'

export const tmpdir = (): string => (isSimulating() ? `${shownFolder}/tmp` : real.tmpdir())
