/** The controller itself, the drift of everything, and requests to look, suspend and resume. */
import type { Clock } from '../../clock.ts'
import { isoOf } from '../../clock.ts'
import { actorOf } from '../auth/permissions.ts'
import type { ControllerView, DriftView, EnginePort } from '../ports.ts'
import { type Builder, requires } from './builder.ts'
import type { Enums } from './enums.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import type { ResourceTypes } from './resources.ts'
import { hasTag, type Results } from './results.ts'
import { isoOrNull } from './scalars.ts'
import { reasonLengthMax } from './sizes.ts'

export function addController(
  builder: Builder,
  engine: EnginePort,
  clock: Clock,
  types: {
    readonly enums: Enums
    readonly results: Results
    readonly resources: ResourceTypes
  },
) {
  const { enums, results, resources } = types

  const Lease = builder.objectRef<NonNullable<ControllerView['lease']>>('Lease').implement({
    description: 'Who may write in this workspace now: one process at a time.',
    fields: (t) => ({
      number: t.exposeInt('number'),
      holder: t.exposeString('holder'),
      since: t.field({ type: 'DateTime', resolve: (lease) => isoOf(lease.sinceMs) }),
    }),
  })
  const Controller = builder.objectRef<ControllerView>('Controller').implement({
    description: 'The running program.',
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

  const SeverityCount = builder
    .objectRef<{ severity: DriftView['severity']; count: number }>('SeverityCount')
    .implement({
      description: 'How many differences are of a severity.',
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

  builder.queryFields((t) => ({
    controller: t.field({
      ...requires('state.read'),
      description: 'The running program: version, mode, generation, and the state of everything in one sentence.',
      type: Controller,
      resolve: () => engine.controller(),
    }),
    driftReport: t.field({
      ...requires('state.read'),
      description: 'Every difference between what is declared and what is there; `resource` is a name or kind/name.',
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
  }))

  const Receipt = builder.objectRef<{ is: 'receipt'; runId: string }>('ReconcileReceipt').implement({
    description: 'The look was asked for; `progress(runId)` tells how it goes.',
    isTypeOf: (value) => hasTag(value, 'receipt'),
    fields: (t) => ({ runId: t.exposeID('runId') }),
  })
  const Changed = builder.objectRef<{ is: 'changed'; kind: string; name: string }>('SuspensionChanged').implement({
    description: 'The resource is suspended or resumed.',
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
  const noResource = (kind: string, name: string) => ({
    is: 'not-found' as const,
    message: `There is no resource ${kind}/${name}.`,
  })

  builder.mutationFields((t) => ({
    reconcile: t.errorUnionField({
      ...requires('state.reconcile'),
      description: 'Has everything, a kind, or one resource looked at now, and mended as far as the gate allows.',
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
      description: 'Leaves a resource alone until it is resumed: it is looked at, and nothing is repaired.',
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
      description: 'Lets a suspended resource be repaired again.',
      types: [Changed, results.NotFound, ForbiddenError],
      union: { name: 'ResumeResourceResult' },
      args: { input: t.arg({ type: ResumeInput, required: true }) },
      resolve: async (_root, { input: { kind, name } }, { viewer }) =>
        (await engine.resume({ resource: { kind, name }, actor: actorOf(viewer) }))
          ? { is: 'changed' as const, kind, name }
          : noResource(kind, name),
    }),
  }))
}

const severitiesDown = ['critical', 'high', 'medium', 'low'] as const
