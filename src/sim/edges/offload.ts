/**
 * In the place of src/targets/process/offload.ts: the same entries, in this thread and on the virtual clock. Input, output
 * and errors go the way that they go between threads.
 */
import type { Offload, OffloadOptions } from '../../targets/process/ports.ts'
import { takeOffered, type Work } from '../../targets/process/serve.ts'
import { dehydrate, rehydrate } from '../../targets/process/wire.ts'
import { livingLife, neverSettled, SimulatedCrash, theSimulation } from './current.ts'

const works = new Map<string, Work>()

/** Loads an entry before the simulation begins: loading takes real time, which must not decide anything. */
export async function preload(entry: URL): Promise<void> {
  await import(entry.href)
  works.set(entry.href, takeOffered(entry.href))
}

export function createOffload(): Offload & { close(): Promise<void> } {
  const run = async (entry: URL, input: unknown, options: OffloadOptions = {}): Promise<unknown> => {
    const life = livingLife()
    const work = works.get(entry.href)
    if (work === undefined) throw new Error(`${entry.pathname} is not loaded`)
    await life.clock.sleep(Math.floor(theSimulation().random.next() * 15), options.signal)
    if (life.isDead) return neverSettled()
    options.signal?.throwIfAborted()
    try {
      const context = {
        progress: options.progress ?? (() => undefined),
        signal: options.signal ?? new AbortController().signal,
      }
      const output = structuredClone(await work(structuredClone(input), context))
      await life.clock.sleep(Math.floor(theSimulation().random.next() * 15))
      return output
    } catch (error) {
      if (error instanceof SimulatedCrash) throw error
      throw rehydrate(dehydrate(error))
    }
  }
  return { thread: run, process: run, close: async () => undefined }
}
