/** The desired state: the file as it is, what a text would mean, its generations, and another text in its place. */
import { isoOf } from '../../clock.ts'
import { withoutPersons, withoutSecrets } from '../../scrub.ts'
import { actorOf, may } from '../auth/permissions.ts'
import type {
  ApplyOutcome,
  DesiredStateCheckView,
  DesiredStateView,
  EnginePort,
  GenerationView,
  ProblemView,
} from '../ports.ts'
import type { ActionTypes } from './actions.ts'
import { type Builder, refusal, requires } from './builder.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import type { ResourceTypes } from './resources.ts'
import { hasTag, type Results } from './results.ts'
import { yamlLengthMax } from './sizes.ts'

type Accepted = Extract<ApplyOutcome, { is: 'accepted' }>
type Waiting = Extract<ApplyOutcome, { is: 'waiting' }>
type Invalid = Extract<ApplyOutcome, { is: 'invalid' }> & { readonly message: string }
type Stale = Extract<ApplyOutcome, { is: 'stale' }>
type Change = DesiredStateCheckView['changes'][number]
interface GenerationPage {
  readonly generations: readonly GenerationView[]
  readonly more: boolean
}

interface Types {
  readonly results: Results
  readonly resources: ResourceTypes
  readonly actions: ActionTypes
}

export function addDesiredState(builder: Builder, engine: EnginePort, types: Types) {
  const Problem = addProblem(builder)
  addReads(builder, engine, Problem)
  addCheck(builder, engine, Problem)
  addApply(builder, engine, Problem, types)
}

type ProblemRef = ReturnType<typeof addProblem>

function addProblem(builder: Builder) {
  return builder.objectRef<ProblemView>('DesiredStateProblem').implement({
    description: 'One thing that is wrong in the file, with its place.',
    fields: (t) => ({
      file: t.exposeString('file'),
      line: t.exposeInt('line'),
      column: t.exposeInt('column'),
      path: t.exposeString('path'),
      message: t.exposeString('message'),
    }),
  })
}

function addReads(builder: Builder, engine: EnginePort, Problem: ProblemRef) {
  const Desired = builder.objectRef<DesiredStateView>('DesiredState').implement({
    description: 'The file that is declared, and what is in force of it.',
    fields: (t) => ({
      generation: t.exposeInt('generation'),
      text: t.exposeString('text', { description: 'The file as it is now, valid or not.' }),
      textIsWhole: t.boolean({
        description: 'False where something in `text` is blacked out for who asks: saved as it is, it would be lost.',
        resolve: ({ text }, _args, { viewer }) =>
          (viewer.role.unmasked === 'all' ? withoutSecrets : withoutPersons)(text) === text,
      }),
      version: t.exposeString('version', {
        description: 'Changes with any byte of the file; `expectedVersion` of `applyDesiredState` compares it.',
      }),
      acceptedAt: t.field({ type: 'DateTime', resolve: (one) => isoOf(one.acceptedAtMs) }),
      problems: t.field({
        type: [Problem],
        description: 'What is wrong with the file as it is now; the generation stays in force meanwhile.',
        resolve: (one) => [...one.problems],
      }),
      waiting: t.exposeString('waiting', { nullable: true }),
    }),
  })
  const State = builder.enumType('GenerationState', {
    description: 'WAITING: a person has to confirm it. REJECTED: it was never in force.',
    values: {
      ACCEPTED: { value: 'accepted' },
      WAITING: { value: 'waiting' },
      REJECTED: { value: 'rejected' },
    } as const,
  })
  const Generation = builder.objectRef<GenerationView>('Generation').implement({
    description: 'One version of the desired state that was in force, or was to be.',
    fields: (t) => ({
      number: t.exposeInt('number'),
      at: t.field({ type: 'DateTime', resolve: ({ atMs }) => isoOf(atMs) }),
      state: t.field({ type: State, resolve: ({ state }) => state }),
      text: t.exposeString('text'),
    }),
  })
  const Page = builder.objectRef<GenerationPage>('GenerationPage').implement({
    description: 'Generations of the file, newest first.',
    fields: (t) => ({
      generations: t.field({ type: [Generation], resolve: ({ generations }) => [...generations] }),
      hasMore: t.exposeBoolean('more'),
    }),
  })
  builder.queryFields((t) => ({
    desiredState: t.field({
      ...requires('state.read'),
      description: 'The file as it is now, with the generation in force and what is wrong with the file.',
      type: Desired,
      resolve: () => engine.desiredState(),
    }),
    generations: t.field({
      ...requires('state.read'),
      type: Page,
      description: 'Newest first; `before` is the number to go on below.',
      args: {
        first: t.arg.int({ defaultValue: 20, validate: { min: 1, max: 50 } }),
        before: t.arg.int({ validate: { min: 1 } }),
      },
      resolve: (_root, { first, before }) => engine.generations({ limit: first ?? 20, before: before ?? undefined }),
    }),
  }))
}

function addCheck(builder: Builder, engine: EnginePort, Problem: ProblemRef) {
  const ChangeRef = builder.objectRef<Change>('DesiredStateChange').implement({
    description: 'An entry of the file that another text adds, removes, changes or renames.',
    fields: (t) => ({
      path: t.exposeString('path'),
      change: t.exposeString('change', { description: 'added, removed, changed or renamed.' }),
      from: t.exposeString('from', { nullable: true, description: 'For renamed: the path that it had.' }),
    }),
  })
  const Check = builder.objectRef<DesiredStateCheckView>('DesiredStateCheck').implement({
    description: 'What is to be said of a text before it is saved.',
    fields: (t) => ({
      problems: t.field({
        type: [Problem],
        description: 'Why it would be refused; empty where it is valid.',
        resolve: ({ problems }) => [...problems],
      }),
      warnings: t.field({ type: [Problem], resolve: ({ warnings }) => [...warnings] }),
      changes: t.field({
        type: [ChangeRef],
        description: 'Against the generation in force; empty where it is not valid.',
        resolve: ({ changes }) => [...changes],
      }),
      waits: t.exposeString('waits', {
        nullable: true,
        description: 'Why it would wait for a person although it is valid.',
      }),
    }),
  })
  builder.queryField('validateDesiredState', (t) =>
    t.field({
      ...requires('state.apply'),
      type: Check,
      description:
        'Checks a text as it is typed: at once, without a look at the world. The plan is `applyDesiredState` with `dryRun`.',
      args: { yaml: t.arg.string({ required: true, validate: { maxLength: yamlLengthMax } }) },
      resolve: (_root, { yaml }) => engine.checkDesiredState(yaml),
    }),
  )
}

function addApply(builder: Builder, engine: EnginePort, Problem: ProblemRef, { results, resources, actions }: Types) {
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
  const StaleRef = builder.objectRef<Stale & { readonly message: string }>('DesiredStateStale').implement({
    description: 'The file was changed since it was read; nothing was written.',
    interfaces: [results.UserError],
    isTypeOf: (value) => hasTag(value, 'stale'),
    fields: (t) => ({
      code: t.string({ resolve: () => 'DESIRED_STATE_STALE' }),
      text: t.exposeString('text', { description: 'The file as it is now.' }),
      version: t.exposeString('version'),
    }),
  })
  const ApplyInput = builder.inputType('ApplyDesiredStateInput', {
    fields: (t) => ({
      yaml: t.string({ required: true, validate: { minLength: 1, maxLength: yamlLengthMax } }),
      expectedVersion: t.string({
        description: '`version` of the file as it was read: any other file is left alone.',
        validate: { maxLength: 100 },
      }),
      dryRun: t.boolean({ defaultValue: false }),
    }),
  })
  builder.mutationField('applyDesiredState', (t) =>
    t.errorUnionField({
      ...requires('state.apply'),
      description: 'Replaces the desired state, or with `dryRun` tells what would follow.',
      types: [AcceptedRef, WaitingRef, InvalidRef, StaleRef, ForbiddenError, InputInvalidError],
      union: { name: 'ApplyDesiredStateResult' },
      args: { input: t.arg({ type: ApplyInput, required: true }) },
      resolve: async (_root, { input }, context) => {
        const { viewer } = context
        const outcome = await engine.applyDesiredState({
          yaml: input.yaml,
          expectedVersion: input.expectedVersion ?? undefined,
          dryRun: input.dryRun ?? false,
          actor: actorOf(viewer),
          mayGrant: may(viewer, 'tokens.manage'),
        })
        if (outcome.is === 'grants') throw refusal(context, 'changing access, which takes tokens.manage')
        if (outcome.is === 'stale') return { ...outcome, message: 'the file was changed since it was read' }
        if (outcome.is !== 'invalid') return outcome
        const lines = outcome.problems.map((one) => `${one.line}:${one.column}: ${one.path}: ${one.message}`)
        return { ...outcome, message: lines.join('\n') }
      },
    }),
  )
}
