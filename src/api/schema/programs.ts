/** Services and jobs: what runs, how it did, its output; and what people ask of it. */
import { isoOf } from '../../clock.ts'
import { actorOf } from '../auth/permissions.ts'
import type {
  JobRunView,
  JobView,
  PastExitView,
  ProgramPort,
  ProgramRequestName,
  ProgramRequestOutcome,
  ServiceView,
} from '../program-port.ts'
import { type Builder, requires } from './builder.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import { hasTag, type Results } from './results.ts'
import { isoOrNull } from './scalars.ts'
import { streamOf } from './stream.ts'

type Requested = Extract<ProgramRequestOutcome, { is: 'requested' | 'unchanged' | 'held' }>
type Refused = Extract<ProgramRequestOutcome, { is: 'refused' }>

const outputBytesDefault = 20_000
const outputBytesMax = 200_000

export function addPrograms(builder: Builder, programs: ProgramPort, results: Results): void {
  const PastExit = builder.objectRef<PastExitView>('ServiceExit').implement({
    description: 'How a service ended once.',
    fields: (t) => ({
      at: t.field({ type: 'DateTime', resolve: ({ atMs }) => isoOf(atMs) }),
      code: t.exposeInt('code', { nullable: true }),
      ranSeconds: t.float({ resolve: ({ ranMs }) => ranMs / 1000 }),
      reason: t.exposeString('reason'),
    }),
  })

  const Service = builder.objectRef<ServiceView>('Service').implement({
    description: 'A program that is kept running, as it is now.',
    fields: (t) => ({
      name: t.exposeString('name'),
      driver: t.exposeString('driver', { description: 'command, systemd, pid-file or pattern.' }),
      managed: t.exposeBoolean('managed'),
      state: t.exposeString('state', {
        description: 'running, starting, not-ready, crash-loop, backing-off, stopped, done or unknown.',
      }),
      summary: t.exposeString('summary'),
      pid: t.exposeInt('pid', { nullable: true }),
      startedAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ startedAtMs }) => isoOrNull(startedAtMs) }),
      processes: t.exposeInt('processes', { description: 'Of the whole tree, as memory and CPU time are.' }),
      memoryBytes: t.float({ resolve: ({ memoryBytes }) => memoryBytes }),
      cpuSeconds: t.float({ resolve: ({ cpuMs }) => cpuMs / 1000 }),
      starts: t.exposeInt('starts'),
      crashes: t.exposeInt('crashes'),
      failures: t.exposeInt('failures', { description: 'In a row.' }),
      nextTryAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ nextTryAtMs }) => isoOrNull(nextTryAtMs) }),
      lastExits: t.field({
        type: [PastExit],
        description: 'Newest first.',
        resolve: ({ lastExits }) => [...lastExits],
      }),
      logPath: t.exposeString('logPath', { nullable: true }),
    }),
  })

  const JobRun = builder.objectRef<JobRunView>('JobRun').implement({
    description: 'One run of a job.',
    fields: (t) => ({
      number: t.exposeInt('number'),
      state: t.exposeString('state', { description: 'starting, running, ok or failed.' }),
      trigger: t.exposeString('trigger', { description: 'schedule, catch-up or request.' }),
      scheduledFor: t.field({ type: 'DateTime', nullable: true, resolve: (run) => isoOrNull(run.scheduledForMs) }),
      startedAt: t.field({ type: 'DateTime', resolve: (run) => isoOf(run.startedAtMs) }),
      endedAt: t.field({ type: 'DateTime', nullable: true, resolve: (run) => isoOrNull(run.endedAtMs) }),
      code: t.exposeInt('code', { nullable: true }),
      reason: t.exposeString('reason'),
      logPath: t.exposeString('logPath'),
    }),
  })

  const Job = builder.objectRef<JobView>('Job').implement({
    description: 'A program that must succeed in time, as it stands now.',
    fields: (t) => ({
      name: t.exposeString('name'),
      managed: t.exposeBoolean('managed'),
      state: t.exposeString('state', { description: 'New, Ok, Running, Late, Failed or Unknown.' }),
      summary: t.exposeString('summary'),
      schedule: t.exposeString('schedule', { nullable: true }),
      timezone: t.exposeString('timezone', { nullable: true }),
      nextRunAt: t.field({ type: 'DateTime', nullable: true, resolve: (job) => isoOrNull(job.nextRunAtMs) }),
      lastSuccessAt: t.field({ type: 'DateTime', nullable: true, resolve: (job) => isoOrNull(job.lastSuccessAtMs) }),
      lateFrom: t.field({ type: 'DateTime', nullable: true, resolve: (job) => isoOrNull(job.lateFromMs) }),
      runs: t.field({ type: [JobRun], description: 'Newest first.', resolve: ({ runs }) => [...runs] }),
      skipped: t.field({
        type: ['String'],
        description: 'Moments that were not run, newest first.',
        resolve: ({ skipped }) => [...skipped],
      }),
      pingPath: t.string({
        nullable: true,
        description: 'The secret path by which others report; for those only who may ask for a run.',
        resolve: (job, _args, { viewer }) => (viewer.role.can.has('state.reconcile') ? job.pingPath : null),
      }),
    }),
  })

  builder.queryFields((t) => ({
    services: t.field({
      ...requires('state.read'),
      description: 'Programs that must run, each with its process and its last exits.',
      type: [Service],
      resolve: async () => [...(await programs.services())],
    }),
    jobs: t.field({
      ...requires('state.read'),
      description: 'Programs that run by a schedule, each with its newest runs.',
      type: [Job],
      resolve: async () => [...(await programs.jobs())],
    }),
    programOutput: t.string({
      ...requires('state.reconcile'),
      nullable: true,
      description: 'The end of what a service, or the newest run of a job, wrote. Programs may write personal data.',
      args: {
        name: t.arg.string({ required: true }),
        bytes: t.arg.int({ defaultValue: outputBytesDefault, validate: { min: 1, max: outputBytesMax } }),
      },
      resolve: async (_root, { name, bytes }) => (await programs.output(name, bytes ?? outputBytesDefault)) ?? null,
    }),
  }))

  builder.subscriptionField('programOutput', (t) =>
    t.string({
      ...requires('state.reconcile'),
      description: 'What a service, or the newest run of a job, writes from now on. Programs may write personal data.',
      args: { name: t.arg.string({ required: true }) },
      subscribe: (_root, { name }) => streamOf((signal) => programs.follow(name, signal)),
      resolve: (piece) => piece,
    }),
  )

  const RequestedRef = builder.objectRef<Requested>('ProgramRequested').implement({
    description: 'It was done, was so already, or is held by a gate: `state` is requested, unchanged or held.',
    isTypeOf: (value) => ['requested', 'unchanged', 'held'].some((tag) => hasTag(value, tag)),
    fields: (t) => ({
      state: t.string({ resolve: (one) => one.is }),
      actionId: t.id({ nullable: true, resolve: (one) => (one.is === 'unchanged' ? null : one.actionId) }),
      message: t.exposeString('message'),
    }),
  })
  const RefusedRef = builder.objectRef<Refused>('ProgramRefused').implement({
    description: 'It could not be done.',
    interfaces: [results.UserError],
    isTypeOf: (value) => hasTag(value, 'refused'),
  })
  const Input = builder.inputType('ProgramInput', { fields: (t) => ({ name: t.string({ required: true }) }) })

  const mutation = (request: ProgramRequestName, description: string, union: string) =>
    builder.mutationField(request === 'run' ? 'runJob' : `${request}Service`, (t) =>
      t.errorUnionField({
        ...requires('state.reconcile'),
        description,
        types: [RequestedRef, RefusedRef, results.NotFound, ForbiddenError, InputInvalidError],
        union: { name: union },
        args: { input: t.arg({ type: Input, required: true }) },
        resolve: (_root, { input: { name } }, { viewer }) =>
          programs.request({ name, request, actor: actorOf(viewer) }),
      }),
    )
  mutation(
    'restart',
    'Ends the service and starts it at once; failures of before do not count.',
    'RestartServiceResult',
  )
  mutation('start', 'Starts a service that was stopped, or that waits after failures.', 'StartServiceResult')
  mutation(
    'stop',
    'Ends the service. It stays stopped until it is started, or until Trueup itself is started again.',
    'StopServiceResult',
  )
  mutation('run', 'Runs the job now, beside its schedule.', 'RunJobResult')
}
