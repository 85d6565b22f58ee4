/** Backups: the sets that are there, and what people ask of them. */
import { isoOf } from '../../clock.ts'
import { actorOf } from '../auth/permissions.ts'
import type {
  BackupCreated,
  BackupHeld,
  BackupPort,
  BackupPruned,
  BackupRefusal,
  BackupSetView,
  BackupVerified,
  BackupView,
  RestoreAsked,
  RestoredIntoFolder,
  SetChoice,
} from '../backup-port.ts'
import { type Builder, requires } from './builder.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import { hasTag, type Results } from './results.ts'
import { isoOrNull } from './scalars.ts'

interface GivenSet {
  readonly id?: string | null | undefined
  readonly at?: string | null | undefined
  readonly backup?: string | null | undefined
}

function refuse(path: string, message: string): InputInvalidError {
  return new InputInvalidError([{ path: ['input', path], message }])
}

/** Throws InputInvalidError. */
function choiceOf({ id, at, backup }: GivenSet): SetChoice {
  if ((id == null) === (at == null)) throw refuse('id', 'either id or at')
  if (id != null) {
    if (backup != null) throw refuse('backup', 'goes with at; an id names its set by itself')
    return { id }
  }
  const atMs = Date.parse(at ?? '')
  if (Number.isNaN(atMs)) throw refuse('at', 'is no moment of ISO 8601')
  return { atMs, backup: backup ?? undefined }
}

type Refused = Extract<BackupRefusal, { is: 'refused' }>

const keysMax = 1000

export function addBackups(builder: Builder, port: BackupPort, results: Results): void {
  const BackupSet = builder.objectRef<BackupSetView>('BackupSet').implement({
    description: 'One set of a backup. It is never changed once it is there.',
    fields: (t) => ({
      id: t.exposeString('id'),
      createdAt: t.field({ type: 'DateTime', resolve: ({ createdAtMs }) => isoOf(createdAtMs) }),
      bytes: t.exposeFloat('bytes'),
      encrypted: t.exposeBoolean('encrypted'),
      paths: t.field({ type: ['String'], resolve: ({ paths }) => [...paths] }),
      problems: t.field({
        type: ['String'],
        description: 'What is wrong with it at first sight; empty as a rule.',
        resolve: ({ problems }) => [...problems],
      }),
      verified: t.boolean({ resolve: ({ verifiedAtMs }) => verifiedAtMs !== null }),
      verifiedAt: t.field({
        type: 'DateTime',
        nullable: true,
        resolve: ({ verifiedAtMs }) => isoOrNull(verifiedAtMs),
      }),
      verifiedHow: t.exposeString('verifiedHow', {
        nullable: true,
        description: 'restored, or without-key: compared before it was encrypted, and its bytes since.',
      }),
    }),
  })
  const Place = builder.objectRef<BackupView['places'][number]>('BackupPlace').implement({
    description: 'Where sets go.',
    fields: (t) => ({
      place: t.exposeString('place'),
      problem: t.exposeString('problem', { nullable: true, description: 'Why no set can be put there.' }),
    }),
  })
  const Backup = builder.objectRef<BackupView>('Backup').implement({
    description: 'A declared backup as it stands now.',
    fields: (t) => ({
      name: t.exposeString('name'),
      summary: t.exposeString('summary'),
      of: t.field({ type: ['String'], resolve: (backup) => [...backup.of] }),
      schedule: t.exposeString('schedule'),
      timezone: t.exposeString('timezone'),
      nextAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ nextAtMs }) => isoOrNull(nextAtMs) }),
      due: t.exposeBoolean('due', { description: 'Whether a set as young as the schedule asks is missing.' }),
      places: t.field({ type: [Place], resolve: ({ places }) => [...places] }),
      sets: t.field({ type: [BackupSet], description: 'Newest first.', resolve: ({ sets }) => [...sets] }),
    }),
  })
  builder.queryField('backups', (t) =>
    t.field({
      ...requires('state.read'),
      description: 'Each declared backup with its places, its schedule and its sets.',
      type: [Backup],
      resolve: async () => [...(await port.backups())],
    }),
  )
  addMutations(builder, port, results)
}

function addMutations(builder: Builder, port: BackupPort, results: Results): void {
  const Created = builder.objectRef<BackupCreated>('BackupCreated').implement({
    description: 'The set is there.',
    isTypeOf: (value) => hasTag(value, 'created'),
    fields: (t) => ({
      actionId: t.exposeID('actionId'),
      id: t.string({ resolve: ({ set }) => set.id }),
      path: t.string({ resolve: ({ set }) => set.paths[0] ?? '' }),
      verified: t.boolean({ resolve: ({ set }) => set.verifiedAtMs !== null }),
      verifiedHow: t.string({ nullable: true, resolve: ({ set }) => set.verifiedHow }),
    }),
  })
  const Held = builder.objectRef<BackupHeld>('BackupHeld').implement({
    description: 'A gate holds it.',
    isTypeOf: (value) => hasTag(value, 'held'),
    fields: (t) => ({ actionId: t.exposeID('actionId'), message: t.exposeString('message') }),
  })
  const RefusedRef = builder.objectRef<Refused>('BackupRefused').implement({
    description: 'It could not be done.',
    interfaces: [results.UserError],
    isTypeOf: (value) => hasTag(value, 'refused'),
    fields: (t) => ({
      code: t.string({ resolve: ({ error }) => error.code }),
      hint: t.string({ resolve: ({ error }) => error.hint }),
    }),
  })
  const Verified = builder.objectRef<BackupVerified>('BackupVerified').implement({
    description: 'What a verification found.',
    isTypeOf: (value) => hasTag(value, 'verified'),
    fields: (t) => ({
      id: t.exposeString('id'),
      verified: t.exposeBoolean('verified'),
      how: t.exposeString('how', { description: 'restored, or without-key.' }),
      problems: t.field({
        type: ['String'],
        description: 'Each names the file.',
        resolve: ({ problems }) => [...problems],
      }),
    }),
  })
  const Pruned = builder.objectRef<BackupPruned>('BackupPruned').implement({
    description: 'These sets were put aside; for 48 hours an undo takes them back.',
    isTypeOf: (value) => hasTag(value, 'pruned'),
    fields: (t) => ({
      actionId: t.exposeID('actionId', { nullable: true }),
      ids: t.field({ type: ['String'], resolve: ({ ids }) => [...ids] }),
    }),
  })
  const Counts = builder.objectRef<RestoreAsked['tables'][number]>('RestoredTable').implement({
    description: 'How many records of a table would come back, be changed and be removed.',
    fields: (t) => ({
      table: t.exposeString('table'),
      added: t.exposeInt('added'),
      changed: t.exposeInt('changed'),
      removed: t.exposeInt('removed'),
    }),
  })
  const PassedOver = builder.objectRef<RestoreAsked['passedOver'][number]>('PassedOverTable').implement({
    description: 'A table that stays as it is, and why.',
    fields: (t) => ({ table: t.exposeString('table'), reason: t.exposeString('reason') }),
  })
  const AskedRef = builder.objectRef<RestoreAsked>('RestoreAsked').implement({
    description: 'What a restore would change. It is an action that waits for approval; values are in its preview.',
    isTypeOf: (value) => hasTag(value, 'asked'),
    fields: (t) => ({
      id: t.exposeString('id', { description: 'Of the set.' }),
      createdAt: t.field({
        type: 'DateTime',
        description: 'When the set was made.',
        resolve: ({ createdAtMs }) => isoOf(createdAtMs),
      }),
      olderSeconds: t.float({
        nullable: true,
        description: 'How much older the set is than `at`; null where it was named.',
        resolve: ({ olderMs }) => (olderMs === null ? null : olderMs / 1000),
      }),
      actionId: t.exposeID('actionId', { nullable: true, description: 'Null where nothing differs.' }),
      message: t.exposeString('message'),
      tables: t.field({ type: [Counts], resolve: ({ tables }) => [...tables] }),
      passedOver: t.field({ type: [PassedOver], resolve: ({ passedOver }) => [...passedOver] }),
      withheld: t.exposeInt('withheld', { description: 'Records of erased people, which stay away.' }),
    }),
  })
  const RestoredFile = builder.objectRef<RestoredIntoFolder['files'][number]>('RestoredFile').implement({
    description: 'A file that was restored, with its rows.',
    fields: (t) => ({ name: t.exposeString('name'), file: t.exposeString('file'), rows: t.exposeInt('rows') }),
  })
  const IntoFolder = builder.objectRef<RestoredIntoFolder>('RestoredIntoFolder').implement({
    description: 'All of the set lies in a folder of its own, where nobody works on it yet.',
    isTypeOf: (value) => hasTag(value, 'restored'),
    fields: (t) => ({
      id: t.exposeString('id', { description: 'Of the set.' }),
      folder: t.exposeString('folder'),
      files: t.field({ type: [RestoredFile], resolve: ({ files }) => [...files] }),
      withheld: t.exposeInt('withheld', { description: 'Records of erased people, which were left out.' }),
    }),
  })
  const BackupInput = builder.inputType('BackupInput', {
    fields: (t) => ({ name: t.string({ description: 'May be left out where only one is declared.' }) }),
  })
  const SetInput = builder.inputType('BackupSetInput', { fields: (t) => ({ id: t.string({ required: true }) }) })
  const RestoreInput = builder.inputType('RestoreBackupInput', {
    description: 'Either `id` or `at`, and one of `database`, `airtable` and `intoFolder`.',
    fields: (t) => ({
      id: t.string({ description: 'Of the set. An encrypted one is restored by the command line.' }),
      at: t.field({
        type: 'DateTime',
        description: 'The newest verified set that holds the database and was made at this moment or before.',
      }),
      backup: t.string({ description: 'With `at`: only sets of this backup.' }),
      database: t.string({ description: 'To restore in place; or `airtable`.' }),
      airtable: t.string({
        description: 'A mirrored table, by its name in the desired state, to restore in Airtable.',
      }),
      intoFolder: t.boolean({
        description:
          'Restores all of the set into `restored/ID` of the workspace, which must not be there yet. Nothing else changes.',
      }),
      removeOthers: t.boolean({
        description: 'With `airtable`: records that the set does not have go. Default false.',
      }),
      tables: t.stringList({ description: 'Left out: all that can be compared.' }),
      keys: t.stringList({
        description: 'Only the records with these keys, of one table.',
        validate: (keys) => keys.length <= keysMax,
      }),
    }),
  })
  const refusals = [RefusedRef, results.NotFound, ForbiddenError, InputInvalidError]

  builder.mutationFields((t) => ({
    createBackup: t.errorUnionField({
      ...requires('state.reconcile'),
      description: 'Makes a set now and verifies it; answers when that is done.',
      types: [Created, Held, ...refusals],
      union: { name: 'CreateBackupResult' },
      args: { input: t.arg({ type: BackupInput, required: true }) },
      resolve: (_root, { input: { name } }, { viewer }) => port.create({ name: name ?? null, actor: actorOf(viewer) }),
    }),
    verifyBackup: t.errorUnionField({
      ...requires('state.reconcile'),
      description: 'Restores a set into a scratch folder and compares; of an encrypted one, compares its bytes.',
      types: [Verified, ...refusals],
      union: { name: 'VerifyBackupResult' },
      args: { input: t.arg({ type: SetInput, required: true }) },
      resolve: (_root, { input: { id } }) => port.verify({ id }),
    }),
    restoreBackup: t.errorUnionField({
      ...requires('state.reconcile'),
      description:
        'Shows what a restore in place would change, and asks for it: it waits for approval. Into a folder it is done at once.',
      types: [AskedRef, IntoFolder, ...refusals],
      union: { name: 'RestoreBackupResult' },
      args: { input: t.arg({ type: RestoreInput, required: true }) },
      resolve: (_root, { input }, { viewer }) => {
        const { database, airtable, removeOthers, tables } = input
        const set = choiceOf(input)
        const common = { set, keys: input.keys ?? null, actor: actorOf(viewer) }
        if (input.intoFolder === true) {
          if (database != null || airtable != null || tables != null || input.keys != null)
            throw refuse('intoFolder', 'restores all of the set, so nothing of it is named')
          return port.restoreIntoFolder({ set })
        }
        if ((database == null) === (airtable == null)) throw refuse('database', 'either database or airtable')
        if (airtable != null) {
          if (tables != null) throw refuse('tables', 'goes with database; airtable names its table itself')
          return port.restoreAirtable({ ...common, table: airtable, removeOthers: removeOthers ?? false })
        }
        if (removeOthers != null) throw refuse('removeOthers', 'goes with airtable')
        return port.restore({ ...common, database: database ?? '', tables: tables ?? null })
      },
    }),
    pruneBackup: t.errorUnionField({
      ...requires('state.reconcile'),
      description: 'Puts aside what is older than is kept.',
      types: [Pruned, Held, ...refusals],
      union: { name: 'PruneBackupResult' },
      args: { input: t.arg({ type: BackupInput, required: true }) },
      resolve: (_root, { input: { name } }, { viewer }) => port.prune({ name: name ?? null, actor: actorOf(viewer) }),
    }),
  }))
}
