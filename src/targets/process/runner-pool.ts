/**
 * Runners for `Offload`: each is at work on one run at a time and stays warm for a while afterwards, whatever entry the next
 * run asks for. One whose run was aborted, failed by the world or went past its deadline is ended, so that no run meets the
 * remains of another that went wrong; such a run settles only once the runner is gone, so that its files can be removed.
 * To start one costs more than most runs take, so a run may wait for one that is at work (`patienceMs`).
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
  /**
   * How long a run waits for a runner that is at work, beside the time in which one comes up, before a further one is started
   * for it; 0: it does not wait.
   */
  readonly patienceMs: number
}

/** A runner with exactly one listener, that of its run, or none while it is warm. */
interface Place {
  readonly runner: Runner
  /** Whether it has begun with a run yet, and is no longer coming up. */
  isUp: boolean
  listener: RunnerEvents | undefined
  /** What it had used when it last answered. */
  used: Usage | undefined
  retirement: NodeJS.Timeout | undefined
}

interface Task {
  readonly entry: URL
  readonly input: unknown
  readonly options: RunOptions
}

type Reject = (error: unknown) => void

/** A run that waits for a runner at work. */
interface Waiting {
  readonly options: RunOptions
  readonly begin: (place: Place) => void
  readonly giveUp: (error: unknown) => void
  patience: NodeJS.Timeout | undefined
  last: NodeJS.Immediate | undefined
}

export function createRunnerPool(settings: PoolSettings): RunnerPool {
  const places = new Set<Place>()
  const waiting = new Set<Waiting>()

  const start = (options: RunOptions): Place => {
    const runner = settings.start(options, {
      message: (message) => place.listener?.message(message),
      broken(how) {
        clearTimeout(place.retirement)
        places.delete(place)
        place.listener?.broken(how)
        review()
      },
    })
    const place: Place = { runner, isUp: false, listener: undefined, used: undefined, retirement: undefined }
    places.add(place)
    return place
  }

  const end = (place: Place): Promise<void> => {
    places.delete(place)
    clearTimeout(place.retirement)
    review()
    return place.runner.end()
  }

  const warm = (): Place[] => [...places].filter(({ listener }) => listener === undefined)
  const atWork = (): Place[] => [...places].filter(({ listener }) => listener !== undefined)

  const takeWarm = (options: RunOptions): Place | undefined => {
    const fitting = warm().find(({ runner, used }) => used !== undefined && runner.mayServe(options, used))
    if (fitting === undefined) return undefined
    clearTimeout(fitting.retirement)
    fitting.runner.hold(true)
    return fitting
  }

  const serve = (one: Waiting, place: Place): void => {
    forget(one)
    one.begin(place)
  }

  const forget = (one: Waiting): void => {
    waiting.delete(one)
    stopClock(one)
  }

  const stopClock = (one: Waiting): void => {
    clearTimeout(one.patience)
    clearImmediate(one.last)
    one.patience = undefined
  }

  /** Gives what became free to those that wait, and a new one to whoever has waited long enough. */
  const review = (): void => {
    for (const one of waiting) {
      const free = takeWarm(one.options)
      if (free !== undefined) serve(one, free)
      else if (atWork().length === 0) serve(one, start(one.options))
      else if (atWork().every(({ isUp }) => isUp)) {
        one.patience ??= setTimeout(() => {
          // A busy main thread hears of timers before it hears what runners answered meanwhile.
          one.last = setImmediate(() => serve(one, start(one.options)))
        }, settings.patienceMs)
      } else stopClock(one)
    }
  }

  /** Begins with a runner that is warm, or becomes so soon enough, or else a new one. */
  const take = (name: string, options: RunOptions, begin: Waiting['begin'], giveUp: Waiting['giveUp']): void => {
    const now = takeWarm(options) ?? (settings.patienceMs === 0 ? start(options) : undefined)
    if (now !== undefined) {
      begin(now)
      return
    }
    const abort = () => one.giveUp(stopped(name, options.signal))
    const one: Waiting = {
      options,
      begin(place) {
        options.signal?.removeEventListener('abort', abort)
        begin(place)
      },
      giveUp(error) {
        forget(one)
        options.signal?.removeEventListener('abort', abort)
        giveUp(error)
      },
      patience: undefined,
      last: undefined,
    }
    options.signal?.addEventListener('abort', abort)
    waiting.add(one)
    review()
  }

  const keepWarm = (place: Place, used: Usage): void => {
    place.used = used
    place.runner.hold(false)
    place.retirement = setTimeout(() => void end(place), settings.warmMs)
    place.retirement.unref()
    review()
    for (const surplus of warm().slice(0, -settings.warmMax)) void end(surplus)
  }

  const work = (place: Place, { entry, input, options }: Task, resolve: (output: unknown) => void, reject: Reject) => {
    const name = fileURLToPath(entry)
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
          begun() {
            place.isUp = true
            review()
          },
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
  }

  const run: RunnerPool['run'] = (entry, input, options) =>
    new Promise((resolve, reject) => {
      const task = { entry, input, options }
      take(fileURLToPath(entry), options, (place) => work(place, task, resolve, reject), reject)
    })

  return {
    run,
    async close() {
      for (const one of waiting) one.giveUp(new OperationalError('WORKER_DIED', 'it was closed before its turn came'))
      await Promise.all([...places].map(end))
    },
  }
}

function startDeadline({ deadlineMs }: RunOptions, over: (seconds: number) => void): NodeJS.Timeout | undefined {
  if (deadlineMs === undefined) return undefined
  return setTimeout(() => over(Math.round(deadlineMs / 100) / 10), deadlineMs)
}
