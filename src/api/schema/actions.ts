/** The plan, the actions of the journal, and what people do with them: approve and reject. */
import { isoOf } from '../../clock.ts'
import { actorOf, may } from '../auth/permissions.ts'
import type { ActionRecordView, ApproveOutcome, EnginePort, PlanView, ResourceAddress } from '../ports.ts'
import { type Intervention, interventionsOf, severityOf } from '../resource-status.ts'
import type { ConflictView, SyncPort } from '../sync-port.ts'
import { type Builder, pageSizeDefault, requires } from './builder.ts'
import type { Enums } from './enums.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import type { ResourceTypes } from './resources.ts'
import { hasTag, type Results } from './results.ts'
import { isoOrNull } from './scalars.ts'
import { idsMax, reasonLengthMax } from './sizes.ts'
import type { SyncTypes } from './sync-types.ts'

type Approved = Extract<ApproveOutcome, { is: 'approved' }>
type PlanStale = Extract<ApproveOutcome, { is: 'plan-stale' }> & { readonly message: string }
type PlanExpired = Extract<ApproveOutcome, { is: 'plan-expired' }>
type SelfApproval = Extract<ApproveOutcome, { is: 'self-approval' }>

/** Conflicts that the queue shows one by one; more are told by their number. */
const conflictsMax = 200

export type ActionTypes = ReturnType<typeof addActions>

export function addActions(
  builder: Builder,
  { engine, sync }: { readonly engine: EnginePort; readonly sync: SyncPort },
  types: {
    readonly enums: Enums
    readonly results: Results
    readonly resources: ResourceTypes
    readonly Conflict: SyncTypes['Conflict']
  },
) {
  const { enums, results, resources, Conflict } = types

  const ApprovalOfAction = builder.objectRef<ActionRecordView['approvals'][number]>('Approval').implement({
    description: 'A person let one exact action with its exact evidence go ahead.',
    fields: (t) => ({
      approver: t.exposeString('approver'),
      at: t.field({ type: 'DateTime', resolve: (approval) => isoOf(approval.atMs) }),
      expiresAt: t.field({ type: 'DateTime', resolve: (approval) => isoOf(approval.expiresAtMs) }),
      comment: t.exposeString('comment', { nullable: true }),
    }),
  })

  const ActionRecord = builder.objectRef<ActionRecordView>('Action').implement({
    description: 'An action as the journal knows it, with all that became of it.',
    interfaces: [resources.PlannedAction],
    fields: (t) => ({
      state: t.exposeString('state'),
      approvals: t.field({ type: [ApprovalOfAction], resolve: (action) => [...action.approvals] }),
      runId: t.exposeID('runId', { nullable: true }),
      changedAt: t.field({ type: 'DateTime', resolve: (action) => isoOf(action.changedAtMs) }),
      expiresAt: t.field({ type: 'DateTime', nullable: true, resolve: (action) => isoOrNull(action.expiresAtMs) }),
      result: t.field({ type: 'JSON', nullable: true, resolve: (action) => action.result }),
    }),
  })

  const Plan = builder.objectRef<PlanView>('Plan').implement({
    description: 'All that would be done now. Its id stays while nothing in it changes.',
    fields: (t) => ({
      id: t.exposeID('id'),
      generation: t.exposeInt('generation'),
      observedAt: t.field({ type: 'DateTime', resolve: (plan) => isoOf(plan.observedAtMs) }),
      actions: t.field({ type: [resources.PendingAction], resolve: (plan) => [...plan.actions] }),
    }),
  })

  const InterventionRef = builder.objectRef<Intervention>('Intervention').implement({
    description:
      'Something that does not go on without a person: an approval, a conflict, data that no action can mend, a thing that cannot be read.',
    fields: (t) => ({
      reason: t.string({ resolve: (one) => one.is }),
      severity: t.field({ type: enums.Severity, resolve: severityOf }),
      message: t.string({
        resolve: (one) => {
          switch (one.is) {
            case 'approval':
              return one.action.summary
            case 'by-hand':
              return one.drift.message
            case 'unreadable':
              return one.resource.error?.message ?? one.resource.summary
            case 'conflict':
              return conflictMessage(one.conflict)
          }
        },
      }),
      nextStep: t.string({
        resolve: (one) => {
          switch (one.is) {
            case 'approval':
              return one.action.gate.reasons.map((reason) => reason.message).join('; ')
            case 'by-hand':
              return one.drift.byHand ?? ''
            case 'unreadable':
              return one.resource.error?.hint ?? ''
            case 'conflict':
              return 'take one side, or give another value, with resolveConflict'
          }
        },
      }),
      resource: t.field({
        type: resources.Address,
        resolve: addressOf,
      }),
      action: t.field({
        type: resources.PendingAction,
        nullable: true,
        resolve: (one) => (one.is === 'approval' ? one.action : null),
      }),
      drift: t.field({
        type: resources.Drift,
        nullable: true,
        resolve: (one) => (one.is === 'by-hand' ? one.drift : null),
      }),
      conflict: t.field({
        type: Conflict,
        nullable: true,
        resolve: (one) => (one.is === 'conflict' ? one.conflict : null),
      }),
    }),
  })

  builder.queryFields((t) => ({
    plan: t.field({
      ...requires('state.read'),
      description:
        'What would be done now, in order, with the decision of the gate for each action. Nothing is carried out.',
      type: Plan,
      resolve: () => engine.plan(),
    }),
    action: t.field({
      ...requires('state.read'),
      description: 'One action of the journal by its id, with its approvals and what became of it.',
      type: ActionRecord,
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: async (_root, { id }) => (await engine.action(id)) ?? null,
    }),
    actions: t.field({
      ...requires('state.read'),
      type: [ActionRecord],
      description: 'Actions of the journal, newest first. `before` is the id of the last one of the page before.',
      args: {
        state: t.arg.stringList({ validate: { maxLength: 20 } }),
        kind: t.arg.string(),
        name: t.arg.string(),
        runId: t.arg.id(),
        first: t.arg.int({ defaultValue: pageSizeDefault, validate: { min: 1, max: 500 } }),
        before: t.arg.id(),
      },
      complexity: ({ first }) => ({ field: 1, multiplier: first ?? pageSizeDefault }),
      resolve: async (_root, { state, kind, name, runId, first, before }) => {
        if ((kind == null) !== (name == null)) {
          throw new InputInvalidError([
            { path: [kind == null ? 'kind' : 'name'], message: 'kind and name go together' },
          ])
        }
        const found = await engine.actions({
          states: state ?? undefined,
          resource: kind == null || name == null ? undefined : { kind, name },
          runId: runId ?? undefined,
          before: before ?? undefined,
          limit: first ?? pageSizeDefault,
        })
        return [...found]
      },
    }),
    interventionQueue: t.field({
      ...requires('state.read'),
      type: [InterventionRef],
      description: 'What waits for a person, most severe first.',
      resolve: async (_root, _args, { viewer }) => {
        const conflicts = may(viewer, 'sync.read')
          ? await sync.conflicts({ table: undefined, state: 'open', after: undefined, limit: conflictsMax })
          : []
        return [...interventionsOf(await engine.resources(), conflicts)]
      },
    }),
  }))

  const ApprovedAction = builder.objectRef<Approved['actions'][number]>('ApprovedAction').implement({
    description: 'How many approvals an action has and needs.',
    fields: (t) => ({
      actionId: t.exposeID('actionId'),
      approvalsGiven: t.exposeInt('given'),
      approvalsNeeded: t.exposeInt('needed'),
    }),
  })
  const ApprovedRef = builder.objectRef<Approved>('Approved').implement({
    description: 'The approvals are recorded. Actions with enough of them are carried out in the run.',
    isTypeOf: (value) => hasTag(value, 'approved'),
    fields: (t) => ({
      actions: t.field({ type: [ApprovedAction], resolve: (outcome) => [...outcome.actions] }),
      runId: t.exposeID('runId', { nullable: true }),
    }),
  })
  const PlanStaleRef = builder.objectRef<PlanStale>('PlanStale').implement({
    description: 'What was approved no longer stands: the world or the desired state moved on. Nothing was approved.',
    interfaces: [results.UserError],
    isTypeOf: (value) => hasTag(value, 'plan-stale'),
    fields: (t) => ({
      code: t.string({ resolve: () => 'PLAN_STALE' }),
      actionIds: t.field({ type: ['ID'], resolve: (outcome) => [...outcome.actionIds] }),
      whatChanged: t.field({ type: ['String'], resolve: (outcome) => [...outcome.whatChanged] }),
    }),
  })
  const PlanExpiredRef = builder.objectRef<PlanExpired>('PlanExpired').implement({
    description: 'The plan is too old to approve from; ask for it again.',
    interfaces: [results.UserError],
    isTypeOf: (value) => hasTag(value, 'plan-expired'),
    fields: (t) => ({
      code: t.string({ resolve: () => 'PLAN_EXPIRED' }),
      actionIds: t.field({ type: ['ID'], resolve: (outcome) => [...outcome.actionIds] }),
    }),
  })
  const SelfApprovalRef = builder.objectRef<SelfApproval>('SelfApprovalForbidden').implement({
    description: 'Who asked for a critical action cannot approve it.',
    interfaces: [results.UserError],
    isTypeOf: (value) => hasTag(value, 'self-approval'),
    fields: (t) => ({
      code: t.string({ resolve: () => 'SELF_APPROVAL' }),
      actionIds: t.field({ type: ['ID'], resolve: (outcome) => [...outcome.actionIds] }),
    }),
  })

  const Rejected = builder
    .objectRef<{ is: 'rejected'; rejected: readonly string[]; notPending: readonly string[] }>('Rejected')
    .implement({
      description: 'Rejected actions are not proposed again until their evidence changes.',
      isTypeOf: (value) => hasTag(value, 'rejected'),
      fields: (t) => ({
        actionIds: t.field({ type: ['ID'], resolve: (outcome) => [...outcome.rejected] }),
        notPending: t.field({ type: ['ID'], resolve: (outcome) => [...outcome.notPending] }),
      }),
    })

  const ApproveInput = builder.inputType('ApproveActionsInput', {
    fields: (t) => ({
      planId: t.id({ description: 'The plan in which the actions were shown.' }),
      actionIds: t.idList({ required: true, validate: { minLength: 1, maxLength: idsMax } }),
      comment: t.string({ validate: { maxLength: reasonLengthMax } }),
    }),
  })
  const RejectInput = builder.inputType('RejectActionsInput', {
    fields: (t) => ({
      actionIds: t.idList({ required: true, validate: { minLength: 1, maxLength: idsMax } }),
      reason: t.string({ required: true, validate: { minLength: 1, maxLength: reasonLengthMax } }),
    }),
  })
  builder.mutationFields((t) => ({
    approveActions: t.errorUnionField({
      ...requires('actions.approve'),
      description: 'Approves all of the actions or none, each bound to the evidence it was shown with.',
      types: [ApprovedRef, PlanStaleRef, PlanExpiredRef, SelfApprovalRef, ForbiddenError],
      union: { name: 'ApproveActionsResult' },
      args: { input: t.arg({ type: ApproveInput, required: true }) },
      resolve: async (_root, { input }, { viewer }) => {
        const outcome = await engine.approve({
          planId: input.planId ?? undefined,
          actionIds: input.actionIds,
          approver: actorOf(viewer),
          comment: input.comment ?? undefined,
        })
        return outcome.is === 'plan-stale'
          ? { ...outcome, message: `The plan is stale: ${outcome.whatChanged.join('; ')}` }
          : outcome
      },
    }),
    rejectActions: t.errorUnionField({
      ...requires('actions.approve'),
      description: 'Rejects actions that wait, for a reason that stays in the journal. Ids that do not wait are told.',
      types: [Rejected, ForbiddenError, InputInvalidError],
      union: { name: 'RejectActionsResult' },
      args: { input: t.arg({ type: RejectInput, required: true }) },
      resolve: async (_root, { input }, { viewer }) => {
        const { actionIds, reason } = input
        return { is: 'rejected' as const, ...(await engine.reject({ actionIds, reason, actor: actorOf(viewer) })) }
      },
    }),
  }))

  return { ActionRecord, Plan }
}

function addressOf(one: Intervention): ResourceAddress {
  switch (one.is) {
    case 'approval':
      return one.action.resource
    case 'by-hand':
      return one.drift.resource
    case 'unreadable':
      return one.resource.resource
    case 'conflict':
      return { kind: 'sync', name: one.conflict.table }
  }
}

function conflictMessage({ table, key, field, kind }: ConflictView): string {
  switch (kind) {
    case 'values':
      return `${field ?? ''} of ${key} (${table}) was changed here and in Airtable`
    case 'deleted-local':
      return `${key} (${table}) was deleted here and edited in Airtable`
    case 'deleted-remote':
      return `${key} (${table}) was deleted in Airtable and edited here`
  }
}
