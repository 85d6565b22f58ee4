import fc from 'fast-check'
import { vi } from 'vitest'

/** The thread outlives a run: what a change has left in a module must not be found by the next one. */
vi.resetModules()

/**
 * One seed, so that a second run says the same; no search for the smallest example, where only the failing counts; and a second
 * at most for each property, so that a change which survives does not take half a minute.
 */
fc.configureGlobal({ seed: 20261127, endOnFailure: true, interruptAfterTimeLimit: 1_000 })
