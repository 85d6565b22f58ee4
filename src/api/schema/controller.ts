/** The controller itself, the desired state, reports over everything, and requests to look, suspend and resume. */
import type { Clock } from '../../clock.ts'
import { isoOf } from '../../clock.ts'
import { actorOf, may } from '../auth/permissions.ts'
import { type HealthReport, healthReportOf } from '../health-report.ts'
import type { ApplyOutcome, ControllerView, DesiredStateView, DriftView, EnginePort, ProblemView } from '../ports.ts'
import type { ActionTypes } from './actions.ts'
import { type Builder, refusal, requires } from './builder.ts'
import type { Enums } from './enums.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import type { ResourceTypes } from './resources.ts'
import { hasTag, type Results } from './results.ts'
import { isoOrNull } from './scalars.ts'
import { reasonLengthMax, yamlLengthMax } from './sizes.ts'

type Accepted = Extract<ApplyOutcome, { is: 'accepted' }>
type Waiting = Extract<ApplyOutcome, { is: 'waiting' }>
type Invalid = Extract<ApplyOutcome, { is: 'invalid' }> & { readonly message: string }

export function addController(
  builder: Builder,
  engine: EnginePort,
  clock: Clock,
  types: {
    readonly enums: Enums
    readonly results: Results
    readonly resources: ResourceTypes
    readonly actions: ActionTypes
  },
) {
  const { enums, results, resources, actions } = types

  const Lease = builder.objectRef<NonNullable<ControllerView['lease']>>('Lease').implement({
    fields: (t) => ({
      number: t.exposeInt('number'),
      holder: t.exposeString('holder'),
      since: t.field({ type: 'DateTime', resolve: (lease) => isoOf(lease.sinceMs) }),
    }),
  })
  const Controller = builder.objectRef<ControllerView>('Controller').implement({
    fields: (t) => ({
      name: t.exposeString('name'),
      version: t.exposeString('version'),
      verdict: t.exposeString('verdict', { description: 'The state of everything in one sentence.' }),
      generation: t.exposeInt('generation'),
      mode: t.exposeString('mode', { description: '`observe` reports only, `enforce` repairs.' }),
      startedAt: t.field({ type: 'DateTime', resolve: (one) => isoOf(one.startedAtMs) }),
      uptimeSeconds: t.int({ resolve: (one) => Math.max(0, Math.floor((clock.nowMs() - one.startedAtMs) / 1000)) }),
      lease: t.field({ type: Lease, nullable: true, resolve: (one) => one.lease }),
      lastFullLookAt: t.field({ type: 'DateTime', nullable: true, resolve: (one) => isoOrNull(one.lastFullLookAtMs) }),
    }),
  })

  const Problem = builder.objectRef<ProblemView>('DesiredStateProblem').implement({
    description: 'One thing that is wrong in the file, with its place.',
    fields: (t) => ({
      file: t.exposeString('file'),
      line: t.exposeInt('line'),
      column: t.exposeInt('column'),
      path: t.exposeString('path'),
      message: t.exposeString('message'),
    }),
  })
  const Desired = builder.objectRef<DesiredStateView>('DesiredState').implement({
    fields: (t) => ({
      generation: t.exposeInt('generation'),
      text: t.exposeString('text', { description: 'The file as it is now, valid or not.' }),
      acceptedAt: t.field({ type: 'DateTime', resolve: (one) => isoOf(one.acceptedAtMs) }),
      problems: t.field({
        type: [Problem],
        description: 'What is wrong with the file as it is now; the generation stays in force meanwhile.',
        resolve: (one) => [...one.problems],
      }),
      waiting: t.exposeString('waiting', { nullable: true }),
    }),
  })

  const SeverityCount = builder
    .objectRef<{ severity: DriftView['severity']; count: number }>('SeverityCount')
    .implement({
      fields: (t) => ({
        severity: t.field({ type: enums.Severity, resolve: (one) => one.severity }),
        count: t.exposeInt('count'),
      }),
    })
  const DriftReport = builder.objectRef<readonly DriftView[]>('DriftReport').implement({
    description: 'Every difference between what is declared and what is there, most severe first.',
    fields: (t) => ({
      total: t.int({ resolve: (drift) => drift.length }),
      affectedRecords: t.int({ resolve: (drift) => drift.reduce((sum, one) => sum + one.affected.count, 0) }),
      bySeverity: t.field({
        type: [SeverityCount],
        resolve: (drift) =>
          severitiesDown.map((severity) => ({
            severity,
            count: drift.filter((one) => one.severity === severity).length,
          })),
      }),
      drift: t.field({
        type: [resources.Drift],
        resolve: (drift) =>
          [...drift].sort(
            (one, other) => severitiesDown.indexOf(one.severity) - severitiesDown.indexOf(other.severity),
          ),
      }),
    }),
  })

  const Component = builder.objectRef<HealthReport['components'][number]>('HealthComponent').implement({
    fields: (t) => ({
      name: t.exposeString('name'),
      status: t.field({ type: enums.CheckStatus, resolve: (one) => one.status }),
      checks: t.field({ type: [resources.Check], resolve: (one) => [...one.checks] }),
      checkedAt: t.field({ type: 'DateTime', nullable: true, resolve: (one) => isoOrNull(one.checkedAtMs) }),
    }),
  })
  const Issue = builder.objectRef<HealthReport['issues'][number]>('HealthIssue').implement({
    fields: (t) => ({
      id: t.exposeID('id'),
      component: t.exposeString('component'),
      severity: t.field({ type: enums.Severity, resolve: (one) => one.severity }),
      category: t.field({ type: enums.Category, resolve: (one) => one.category }),
      message: t.exposeString('message'),
      affected: t.field({ type: resources.Affected, resolve: (one) => one.affected }),
      suggestion: t.exposeString('suggestion'),
      actionId: t.exposeID('actionId', { nullable: true }),
    }),
  })
  const Figures = builder.objectRef<HealthReport['figures']>('HealthFigures').implement({
    fields: (t) => ({
      components: t.exposeInt('components'),
      checks: t.exposeInt('checks'),
      checksFailed: t.exposeInt('checksFailed'),
      issues: t.exposeInt('issues'),
      affectedRecords: t.exposeInt('affectedRecords'),
    }),
  })
  const Health = builder.objectRef<HealthReport>('HealthReport').implement({
    description: 'Overall status, the checks of every component, issues with what to do, and figures.',
    fields: (t) => ({
      status: t.field({ type: enums.CheckStatus, resolve: (one) => one.status }),
      components: t.field({ type: [Component], resolve: (one) => [...one.components] }),
      issues: t.field({ type: [Issue], resolve: (one) => [...one.issues] }),
      figures: t.field({ type: Figures, resolve: (one) => one.figures }),
    }),
  })

  builder.queryFields((t) => ({
    controller: t.field({ ...requires('state.read'), type: Controller, resolve: () => engine.controller() }),
    desiredState: t.field({ ...requires('state.read'), type: Desired, resolve: () => engine.desiredState() }),
    driftReport: t.field({
      ...requires('state.read'),
      type: DriftReport,
      args: { kind: t.arg.string(), resource: t.arg.string(), severity: t.arg({ type: enums.Severity }) },
      resolve: async (_root, { kind, resource, severity }) =>
        (await engine.resources())
          .flatMap((one) => one.drift)
          .filter(
            (drift) =>
              (kind == null || drift.resource.kind === kind) &&
              (resource == null ||
                drift.resource.name === resource ||
                `${drift.resource.kind}/${drift.resource.name}` === resource) &&
              (severity == null || drift.severity === severity),
          ),
    }),
    healthReport: t.field({
      ...requires('state.read'),
      type: Health,
      resolve: async () => healthReportOf(await engine.resources()),
    }),
  }))

  const Receipt = builder.objectRef<{ is: 'receipt'; runId: string }>('ReconcileReceipt').implement({
    description: 'The look was asked for; `progress(runId)` tells how it goes.',
    isTypeOf: (value) => hasTag(value, 'receipt'),
    fields: (t) => ({ runId: t.exposeID('runId') }),
  })
  const Changed = builder.objectRef<{ is: 'changed'; kind: string; name: string }>('SuspensionChanged').implement({
    isTypeOf: (value) => hasTag(value, 'changed'),
    fields: (t) => ({
      resource: t.field({
        type: resources.Resource,
        nullable: true,
        resolve: async ({ kind, name }) =>
          (await engine.resources()).find((one) => one.resource.kind === kind && one.resource.name === name) ?? null,
      }),
    }),
  })
  const AcceptedRef = builder.objectRef<Accepted>('DesiredStateAccepted').implement({
    description: 'The new generation is in force; for a dry run, what it would find and do.',
    isTypeOf: (value) => hasTag(value, 'accepted'),
    fields: (t) => ({
      generation: t.exposeInt('generation'),
      plan: t.field({ type: actions.Plan, nullable: true, resolve: (one) => one.plan }),
      drift: t.field({ type: [resources.Drift], resolve: (one) => [...one.drift] }),
    }),
  })
  const WaitingRef = builder.objectRef<Waiting>('DesiredStateWaiting').implement({
    description: 'The file is valid, but waits for an approval.',
    isTypeOf: (value) => hasTag(value, 'waiting'),
    fields: (t) => ({ reason: t.exposeString('reason') }),
  })
  const InvalidRef = builder.objectRef<Invalid>('DesiredStateInvalid').implement({
    description: 'The file breaks its contract; nothing was changed.',
    interfaces: [results.UserError],
    isTypeOf: (value) => hasTag(value, 'invalid'),
    fields: (t) => ({
      code: t.string({ resolve: () => 'DESIRED_STATE_INVALID' }),
      problems: t.field({ type: [Problem], resolve: (one) => [...one.problems] }),
    }),
  })

  const ReconcileInput = builder.inputType('ReconcileInput', {
    description: 'Without a kind and name everything is looked at.',
    fields: (t) => ({ kind: t.string(), name: t.string() }),
  })
  const SuspendInput = builder.inputType('SuspendResourceInput', {
    fields: (t) => ({
      kind: t.string({ required: true }),
      name: t.string({ required: true }),
      reason: t.string({ required: true, validate: { minLength: 1, maxLength: reasonLengthMax } }),
    }),
  })
  const ResumeInput = builder.inputType('ResumeResourceInput', {
    fields: (t) => ({ kind: t.string({ required: true }), name: t.string({ required: true }) }),
  })
  const ApplyInput = builder.inputType('ApplyDesiredStateInput', {
    fields: (t) => ({
      yaml: t.string({ required: true, validate: { minLength: 1, maxLength: yamlLengthMax } }),
      dryRun: t.boolean({ defaultValue: false }),
    }),
  })

  const noResource = (kind: string, name: string) => ({
    is: 'not-found' as const,
    message: `There is no resource ${kind}/${name}.`,
  })

  builder.mutationFields((t) => ({
    reconcile: t.errorUnionField({
      ...requires('state.reconcile'),
      types: [Receipt, results.NotFound, ForbiddenError, InputInvalidError],
      union: { name: 'ReconcileResult' },
      args: { input: t.arg({ type: ReconcileInput, required: true }) },
      resolve: async (_root, { input: { kind, name } }, { viewer }) => {
        if ((kind == null) !== (name == null)) {
          throw new InputInvalidError([
            { path: [kind == null ? 'kind' : 'name'], message: 'kind and name go together' },
          ])
        }
        const resource = kind == null || name == null ? undefined : { kind, name }
        const receipt = await engine.reconcile({ resource, actor: actorOf(viewer) })
        return receipt === undefined
          ? noResource(kind ?? '', name ?? '')
          : { is: 'receipt' as const, runId: receipt.runId }
      },
    }),
    suspendResource: t.errorUnionField({
      ...requires('state.reconcile'),
      types: [Changed, results.NotFound, ForbiddenError, InputInvalidError],
      union: { name: 'SuspendResourceResult' },
      args: { input: t.arg({ type: SuspendInput, required: true }) },
      resolve: async (_root, { input: { kind, name, reason } }, { viewer }) =>
        (await engine.suspend({ resource: { kind, name }, reason, actor: actorOf(viewer) }))
          ? { is: 'changed' as const, kind, name }
          : noResource(kind, name),
    }),
    resumeResource: t.errorUnionField({
      ...requires('state.reconcile'),
      types: [Changed, results.NotFound, ForbiddenError],
      union: { name: 'ResumeResourceResult' },
      args: { input: t.arg({ type: ResumeInput, required: true }) },
      resolve: async (_root, { input: { kind, name } }, { viewer }) =>
        (await engine.resume({ resource: { kind, name }, actor: actorOf(viewer) }))
          ? { is: 'changed' as const, kind, name }
          : noResource(kind, name),
    }),
    applyDesiredState: t.errorUnionField({
      ...requires('state.apply'),
      description: 'Replaces the desired state, or with `dryRun` tells what would follow.',
      types: [AcceptedRef, WaitingRef, InvalidRef, ForbiddenError, InputInvalidError],
      union: { name: 'ApplyDesiredStateResult' },
      args: { input: t.arg({ type: ApplyInput, required: true }) },
      resolve: async (_root, { input }, context) => {
        const { viewer } = context
        const outcome = await engine.applyDesiredState({
          yaml: input.yaml,
          dryRun: input.dryRun ?? false,
          actor: actorOf(viewer),
          mayGrant: may(viewer, 'tokens.manage'),
        })
        if (outcome.is === 'grants') throw refusal(context, 'changing access, which takes tokens.manage')
        if (outcome.is !== 'invalid') return outcome
        const lines = outcome.problems.map((one) => `${one.line}:${one.column}: ${one.path}: ${one.message}`)
        return { ...outcome, message: lines.join('\n') }
      },
    }),
  }))
}

const severitiesDown = ['critical', 'high', 'medium', 'low'] as const
