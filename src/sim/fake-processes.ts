/**
 * Programs that run on the virtual clock: each ends when its script says so, or when a test kills it. Locks, marks and exit
 * records behave as on a real machine; everything but the log survives the life of the kinds that use it.
 */
import type { Clock } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import { uuidOfMark } from '../targets/process/supervision/instance.ts'
import type { Exit, LaunchOrder, ProcessHost } from '../targets/process/supervision/ports.ts'

interface FakeProgram {
  readonly order: LaunchOrder
  readonly pid: number
  readonly startedAtMs: number
  exit: Exit | undefined
}

export interface FakeProcesses extends ProcessHost {
  /** Every launch in order. */
  readonly launched: LaunchOrder[]
  /** Every end in order. */
  readonly ended: { readonly lockName: string; readonly code: number }[]
  /** Ends what runs under this lock, as a signal of a stranger or its own end would. */
  finish(lockName: string, code: number): void
  /** Whether something holds this lock. */
  runs(lockName: string): boolean
  /** How long each new program runs before it ends with which status; undefined: until it is ended. */
  script: (order: LaunchOrder) => { readonly afterMs: number; readonly code: number } | undefined
}

export function createFakeProcesses(clock: Clock): FakeProcesses {
  const programs = new Map<string, FakeProgram>()
  const listeners = new Set<() => void>()
  const launched: LaunchOrder[] = []
  const ended: { lockName: string; code: number }[] = []
  const live = () => [...programs.values()].filter(({ exit }) => exit === undefined)
  const finish = (program: FakeProgram, code: number) => {
    if (program.exit !== undefined) return
    program.exit = { code, atMs: clock.nowMs() }
    ended.push({ lockName: program.order.lockName, code })
    for (const listener of listeners) listener()
  }
  const fake: FakeProcesses = {
    workspaceId: 'fake',
    bootId: 'fake-boot',
    unsupported: undefined,
    launched,
    ended,
    script: () => undefined,
    runs: (lockName) => live().some(({ order }) => order.lockName === lockName),
    finish(lockName, code) {
      for (const program of live()) if (program.order.lockName === lockName) finish(program, code)
    },
    find(instance) {
      const program = programs.get(instance.uuid)
      if (program === undefined) return { is: 'never' }
      if (program.exit !== undefined) return { is: 'ended', exit: program.exit, leftovers: [] }
      return {
        is: 'running',
        instance: {
          ...instance,
          main: { bootId: 'fake-boot', pid: program.pid, startTicks: program.pid, executable: null },
        },
        startedAtMs: program.startedAtMs,
        usage: { processes: 1, memoryBytes: 1, cpuMs: 0, descriptors: 3 },
      }
    },
    glance: (instance) => fake.find(instance),
    settled: async (instance) => fake.find(instance),
    liveWith: (prefix) =>
      live().flatMap(({ order }) => (order.mark.startsWith(prefix) ? [uuidOfMark(order.mark)] : [])),
    async launch(order) {
      if (fake.runs(order.lockName))
        throw new OperationalError('PROCESS_NOT_STARTED', `another copy of ${order.lockName} still runs`)
      launched.push(order)
      const program: FakeProgram = { order, pid: 1000 + launched.length, startedAtMs: clock.nowMs(), exit: undefined }
      programs.set(order.uuid, program)
      const script = fake.script(order)
      if (script !== undefined) clock.after(script.afterMs, () => finish(program, script.code))
      return {
        uuid: order.uuid,
        mark: order.mark,
        main: { bootId: 'fake-boot', pid: program.pid, startTicks: program.pid, executable: null },
      }
    },
    async end(instance) {
      const program = programs.get(instance.uuid)
      if (program === undefined || program.exit !== undefined) return { by: 'nothing', processes: 0 }
      finish(program, 143)
      return { by: 'term', processes: 1 }
    },
    forget: (uuid) => {
      programs.delete(uuid)
    },
    removeLog: () => undefined,
    onExit(listener) {
      listeners.add(listener)
      return { close: () => listeners.delete(listener) }
    },
    tail: () => 'the last words\n',
    logFacts: () => undefined,
  }
  return fake
}
