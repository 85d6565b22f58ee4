/**
 * Runners for `Offload`: each is at work on one run at a time and stays warm for a while afterwards, whatever entry the next
 * run asks for. One whose run was aborted, failed by the world or went past its deadline is ended, so that no run meets the
 * remains of another that went wrong; such a run settles only once the runner is gone, so that its files can be removed.
 */
import { fileURLToPath } from 'node:url'
import { OperationalError } from '../../errors.ts'
import { died, hear, stopped } from './outcome.ts'
import type { Runner, RunnerEvents, RunOptions, StartRunner } from './runner.ts'
import type { Usage } from './wire.ts'

export interface RunnerPool {
  run(entry: URL, input: unknown, options: RunOptions): Promise<unknown>
  /** Ends all, also those at work, whose runs are then errors. */
  close(): Promise<void>
}

export interface PoolSettings {
  readonly start: StartRunner
  /** How long a runner may take to answer after it was told that nobody waits; 0: it is not told, but ended at once. */
  readonly abortGraceMs: number
  /** How many runners without work are kept, and for how long. */
  readonly warmMax: number
  readonly warmMs: number
}

/** A runner with exactly one listener, that of its run, or none while it is warm. */
interface Place {
  readonly runner: Runner
  listener: RunnerEvents | undefined
  /** What it had used when it last answered. */
  used: Usage | undefined
  retirement: NodeJS.Timeout | undefined
}

export function createRunnerPool(settings: PoolSettings): RunnerPool {
  const places = new Set<Place>()

  const start = (options: RunOptions): Place => {
    const runner = settings.start(options, {
      message: (message) => place.listener?.message(message),
      broken(how) {
        clearTimeout(place.retirement)
        places.delete(place)
        place.listener?.broken(how)
      },
    })
    const place: Place = { runner, listener: undefined, used: undefined, retirement: undefined }
    places.add(place)
    return place
  }

  const end = (place: Place): Promise<void> => {
    places.delete(place)
    clearTimeout(place.retirement)
    return place.runner.end()
  }

  const warm = (): Place[] => [...places].filter(({ listener }) => listener === undefined)

  const take = (options: RunOptions): Place => {
    const fitting = warm().find(({ runner, used }) => used !== undefined && runner.mayServe(options, used))
    if (fitting === undefined) return start(options)
    clearTimeout(fitting.retirement)
    fitting.runner.hold(true)
    return fitting
  }

  const keepWarm = (place: Place, used: Usage): void => {
    place.used = used
    place.runner.hold(false)
    place.retirement = setTimeout(() => void end(place), settings.warmMs)
    place.retirement.unref()
    for (const surplus of warm().slice(0, -settings.warmMax)) void end(surplus)
  }

  const run: RunnerPool['run'] = (entry, input, options) =>
    new Promise((resolve, reject) => {
      const name = fileURLToPath(entry)
      const place = take(options)
      let grace: NodeJS.Timeout | undefined
      let isAborted = false
      const leave = () => {
        place.listener = undefined
        clearTimeout(grace)
        clearTimeout(deadline)
        options.signal?.removeEventListener('abort', abort)
      }
      const giveUp = (error: unknown) => {
        if (place.listener === undefined) return
        leave()
        void end(place).finally(() => reject(error))
      }
      const done = (output: unknown, used: Usage) => {
        if (isAborted) return giveUp(stopped(name, options.signal))
        leave()
        keepWarm(place, used)
        resolve(output)
      }
      const abort = () => {
        isAborted = true
        if (settings.abortGraceMs === 0) return giveUp(stopped(name, options.signal))
        place.runner.say({ is: 'abort' })
        grace = setTimeout(() => giveUp(stopped(name, options.signal)), settings.abortGraceMs)
      }
      const deadline = startDeadline(options, (seconds) =>
        giveUp(new OperationalError('ACTION_DEADLINE', `${name} did not end within ${seconds} s`)),
      )
      place.listener = {
        message: (message) =>
          hear(message, {
            progress: options.progress,
            done,
            failed: (error) => giveUp(isAborted ? stopped(name, options.signal) : error),
            nonsense: (error) => giveUp(died(name, error.message)),
          }),
        broken: (how) => giveUp(died(name, how)),
      }
      options.signal?.addEventListener('abort', abort)
      try {
        place.runner.say({ is: 'run', entry: entry.href, input })
      } catch (error) {
        giveUp(error)
      }
    })

  return {
    run,
    async close() {
      await Promise.all([...places].map(end))
    },
  }
}

function startDeadline({ deadlineMs }: RunOptions, over: (seconds: number) => void): NodeJS.Timeout | undefined {
  if (deadlineMs === undefined) return undefined
  return setTimeout(() => over(Math.round(deadlineMs / 100) / 10), deadlineMs)
}
