/** Resources with their conditions, drift and actions: what is declared and what is true of it. */
import { isoOf } from '../../clock.ts'
import type {
  ActionView,
  AffectedView,
  DriftView,
  EnginePort,
  GateView,
  ResourceAddress,
  ResourceView,
} from '../ports.ts'
import { statusOf } from '../resource-status.ts'
import { assertMay, type Builder, requires } from './builder.ts'
import type { Enums } from './enums.ts'
import { isoOrNull } from './scalars.ts'

export type ResourceTypes = ReturnType<typeof addResources>

export function addResources(builder: Builder, engine: EnginePort, enums: Enums) {
  const Address = builder.objectRef<ResourceAddress>('ResourceKey').implement({
    description: 'The address of a resource.',
    fields: (t) => ({ kind: t.exposeString('kind'), name: t.exposeString('name') }),
  })

  const Affected = builder.objectRef<AffectedView>('Affected').implement({
    description: 'How many records something touches, with up to 20 of their keys.',
    fields: (t) => ({
      count: t.exposeInt('count'),
      sample: t.field({ type: ['String'], complexity: { field: 1, multiplier: 1 }, resolve: (one) => [...one.sample] }),
    }),
  })

  const Drift = builder.objectRef<DriftView>('Drift').implement({
    description: 'One difference between what is declared and what is there.',
    fields: (t) => ({
      id: t.exposeID('id'),
      resource: t.field({ type: Address, resolve: (drift) => drift.resource }),
      path: t.exposeString('path'),
      severity: t.field({ type: enums.Severity, resolve: (drift) => drift.severity }),
      category: t.field({ type: enums.Category, resolve: (drift) => drift.category }),
      cause: t.field({ type: enums.Cause, resolve: (drift) => drift.cause }),
      desired: t.field({ type: 'JSON', nullable: true, resolve: (drift) => drift.desired }),
      observed: t.field({ type: 'JSON', nullable: true, resolve: (drift) => drift.observed }),
      affected: t.field({ type: Affected, resolve: (drift) => drift.affected }),
      message: t.exposeString('message'),
      byHand: t.exposeString('byHand', {
        nullable: true,
        description: 'What a person does where no action can mend it.',
      }),
    }),
  })

  const GateReason = builder.objectRef<GateView['reasons'][number]>('GateReason').implement({
    description: 'One reason why an action does not run by itself.',
    fields: (t) => ({
      code: t.exposeString('code'),
      asks: t.exposeString('asks'),
      message: t.exposeString('message'),
      until: t.field({ type: 'DateTime', nullable: true, resolve: (reason) => isoOrNull(reason.untilMs) }),
    }),
  })

  const Gate = builder.objectRef<GateView>('Gate').implement({
    description: 'What the gate says of an action at this moment, with all its reasons.',
    fields: (t) => ({
      decision: t.field({ type: enums.GateDecision, resolve: (gate) => gate.decision }),
      runnable: t.exposeBoolean('runnable'),
      approvalsNeeded: t.exposeInt('approvalsNeeded'),
      approvalsGiven: t.exposeInt('approvalsGiven'),
      reasons: t.field({ type: [GateReason], resolve: (gate) => [...gate.reasons] }),
      wakeUpAt: t.field({ type: 'DateTime', nullable: true, resolve: (gate) => isoOrNull(gate.wakeUpMs) }),
    }),
  })

  const Finding = builder.objectRef<ActionView['findings'][number]>('Finding').implement({
    description: 'Something the data say about an action.',
    fields: (t) => ({
      code: t.exposeString('code'),
      count: t.exposeInt('count'),
      message: t.exposeString('message'),
    }),
  })

  const CellPreview = builder.objectRef<ActionView['preview'][number]>('CellPreview').implement({
    description: 'One cell before and after.',
    fields: (t) => ({
      key: t.exposeString('key'),
      field: t.exposeString('field'),
      before: t.field({ type: 'JSON', nullable: true, resolve: (cell) => cell.before }),
      after: t.field({ type: 'JSON', nullable: true, resolve: (cell) => cell.after }),
    }),
  })

  const Cost = builder.objectRef<ActionView['cost']>('Cost').implement({
    description: 'The rate limit an action draws on, and how much.',
    fields: (t) => ({ bucket: t.exposeString('bucket'), tokens: t.exposeInt('tokens') }),
  })

  const PlannedAction = builder.interfaceRef<ActionView>('PlannedAction').implement({
    description: 'One repair, fully resolved: nothing is left to choose when it is carried out.',
    fields: (t) => ({
      id: t.exposeID('id'),
      resource: t.field({ type: Address, resolve: (action) => action.resource }),
      verb: t.exposeString('verb'),
      summary: t.exposeString('summary'),
      risk: t.field({ type: enums.Severity, resolve: (action) => action.risk }),
      gate: t.field({ type: Gate, resolve: (action) => action.gate }),
      findings: t.field({ type: [Finding], resolve: (action) => [...action.findings] }),
      affected: t.field({ type: Affected, resolve: (action) => action.affected }),
      population: t.exposeInt('population'),
      reversible: t.field({ type: enums.Reversible, resolve: (action) => action.reversible }),
      cost: t.field({ type: Cost, resolve: (action) => action.cost }),
      preview: t.field({
        type: [CellPreview],
        description: 'Up to 20 cells. Values are left out for a role that does not see all personal data.',
        resolve: (action, _args, { viewer }) =>
          viewer.role.unmasked === 'all'
            ? [...action.preview]
            : action.preview.map(({ key, field }) => ({ key, field, before: null, after: null })),
      }),
      resolves: t.field({ type: ['String'], resolve: (action) => [...action.resolves] }),
      cause: t.field({ type: enums.Cause, resolve: (action) => action.cause }),
      requestedBy: t.exposeString('requestedBy', { nullable: true }),
      plannedAt: t.field({ type: 'DateTime', resolve: (action) => isoOf(action.plannedAtMs) }),
    }),
  })

  const PendingAction = builder.objectRef<ActionView>('PendingAction').implement({
    description: 'An action of the newest plan.',
    interfaces: [PlannedAction],
  })

  const Condition = builder.objectRef<ResourceView['conditions'][number]>('Condition').implement({
    description: 'One thing that is true of a resource, why, since when, and what comes next.',
    fields: (t) => ({
      type: t.exposeString('type'),
      status: t.exposeString('status'),
      reason: t.exposeString('reason'),
      message: t.exposeString('message'),
      since: t.field({ type: 'DateTime', resolve: (condition) => isoOf(condition.sinceMs) }),
      generation: t.exposeInt('generation'),
      nextStep: t.exposeString('nextStep', { nullable: true }),
      wakeUpAt: t.field({ type: 'DateTime', nullable: true, resolve: (condition) => isoOrNull(condition.wakeUpMs) }),
    }),
  })

  const Check = builder.objectRef<ResourceView['checks'][number]>('HealthCheck').implement({
    description: 'One check of a component with its outcome.',
    fields: (t) => ({
      name: t.exposeString('name'),
      status: t.field({ type: enums.CheckStatus, resolve: (check) => check.status }),
      message: t.exposeString('message'),
    }),
  })

  const ReadError = builder.objectRef<NonNullable<ResourceView['error']>>('ReadError').implement({
    description: 'Why a resource cannot be read.',
    fields: (t) => ({
      code: t.exposeString('code'),
      message: t.exposeString('message'),
      hint: t.exposeString('hint'),
    }),
  })

  const Resource = builder.objectRef<ResourceView>('Resource')
  builder.node(Resource, {
    description: 'One declared thing: a database, a table, a service.',
    id: { resolve: ({ resource }) => `${resource.kind}/${resource.name}` },
    isTypeOf: (value) => typeof value === 'object' && value !== null && 'conditions' in value,
    loadManyWithoutCache: async (ids, context) => {
      assertMay(context, 'state.read')
      const resources = await engine.resources()
      return ids.map((id) => resources.find(({ resource }) => `${resource.kind}/${resource.name}` === id) ?? null)
    },
    fields: (t) => ({
      kind: t.string({ resolve: ({ resource }) => resource.kind }),
      name: t.string({ resolve: ({ resource }) => resource.name }),
      status: t.field({ type: enums.ResourceStatus, resolve: statusOf }),
      generation: t.exposeInt('generation'),
      dependsOn: t.field({
        type: [Address],
        description: 'What must have been brought before it.',
        resolve: ({ dependsOn }) => [...dependsOn],
      }),
      observation: t.exposeString('observation', { nullable: true }),
      error: t.field({ type: ReadError, nullable: true, resolve: ({ error }) => error }),
      summary: t.exposeString('summary'),
      conditions: t.field({ type: [Condition], resolve: ({ conditions }) => [...conditions] }),
      drift: t.field({ type: [Drift], resolve: ({ drift }) => [...drift] }),
      actions: t.field({ type: [PendingAction], resolve: ({ actions }) => [...actions] }),
      checks: t.field({ type: [Check], resolve: ({ checks }) => [...checks] }),
      lookedAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ lookedAtMs }) => isoOrNull(lookedAtMs) }),
      fullLookAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ fullLookAtMs }) => isoOrNull(fullLookAtMs) }),
    }),
  })

  builder.queryFields((t) => ({
    resources: t.field({
      ...requires('state.read'),
      type: [Resource],
      description: 'All declared resources in the order of the file.',
      args: { kind: t.arg.string(), status: t.arg({ type: enums.ResourceStatus }) },
      resolve: async (_root, { kind, status }) =>
        (await engine.resources()).filter(
          (resource) =>
            (kind == null || resource.resource.kind === kind) && (status == null || statusOf(resource) === status),
        ),
    }),
    resource: t.field({
      ...requires('state.read'),
      description: 'One declared resource: its conditions, its drift and the actions that would end it.',
      type: Resource,
      nullable: true,
      args: { kind: t.arg.string({ required: true }), name: t.arg.string({ required: true }) },
      resolve: async (_root, { kind, name }) =>
        (await engine.resources()).find(({ resource }) => resource.kind === kind && resource.name === name) ?? null,
    }),
  }))

  return { Address, Affected, Drift, Gate, PlannedAction, PendingAction, Condition, Check, Resource }
}
