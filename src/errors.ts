/**
 * Every error that Trueup raises on purpose, in one table. docs/ERRORS.md mirrors it, and a test fails when either
 * side lacks an entry. Expected refusals (stale, expired, forbidden) are values, not errors.
 */

/** What may be done about an error: try again later, wait for a known moment, never try again, or ask a person. */
export type Retry = 'backoff' | 'after' | 'never' | 'human'

interface ErrorEntry {
  readonly retry: Retry
  /** What it means, in one sentence. */
  readonly meaning: string
  /** The next step for a person who meets it. */
  readonly hint: string
}

/** The table. Codes are stable: people and scripts match on them. */
export const errorTable = {
  DESIRED_STATE_INVALID: {
    retry: 'human',
    meaning: 'The desired state cannot be read or breaks a rule of its contract.',
    hint: 'Mend the lines named in the message; the last valid generation stays in force until then.',
  },
  DESIRED_STATE_MISSING: {
    retry: 'human',
    meaning: 'There is no desired state where Trueup looked for one.',
    hint: 'Pass --state FILE, set TRUEUP_STATE, or write one with `trueup init`.',
  },
  REFERENCE_UNRESOLVED: {
    retry: 'human',
    meaning: 'The desired state refers to an environment variable or file that is not there.',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: references are written like that in the desired state.
    hint: 'Set the variable or create the file, or give a default with ${NAME:-default}.',
  },
  DATABASE_MISSING: {
    retry: 'human',
    meaning: 'A declared database file does not exist and Trueup may not create it.',
    hint: 'Check the path in the desired state, or restore the file from a backup.',
  },
  DATABASE_NOT_A_FILE: {
    retry: 'human',
    meaning: 'The path of a declared database is a folder, a pipe or another thing that is no regular file.',
    hint: 'Move what is there away, or correct the path in the desired state.',
  },
  DATABASE_CORRUPT: {
    retry: 'human',
    meaning: 'SQLite cannot read the database file, or an integrity check failed.',
    hint: 'Stop the programs that write it, and approve the repair that `trueup approvals` lists; see docs/recovery.md.',
  },
  DATABASE_DAMAGED: {
    retry: 'backoff',
    meaning: 'The database was found damaged, and nothing is written to it until its repair is decided on.',
    hint: 'Nothing was changed. See `trueup why database/NAME`, then approve the repair that `trueup approvals` lists.',
  },
  DATABASE_LOCKED: {
    retry: 'backoff',
    meaning: 'Another program holds the database locked for longer than Trueup waits.',
    hint: 'Nothing was changed and it is tried again by itself; if it persists, find the writer with `fuser FILE`.',
  },
  DATABASE_READ_ONLY: {
    retry: 'backoff',
    meaning: 'The database file, its folder or its file system cannot be written.',
    hint: 'Give the user that runs Trueup write permission on the file and its folder.',
  },
  DATABASE_PERMISSION: {
    retry: 'human',
    meaning: 'The database file or its folder cannot be opened by the user that runs Trueup.',
    hint: 'Correct owner and mode: 0600 for the file and 0700 for the folder, owned by that user.',
  },
  DISK_FULL: {
    retry: 'backoff',
    meaning: 'There is no room left on the disk; the change was rolled back.',
    hint: 'Free space on the disk; it is tried again by itself.',
  },
  DATABASE_IO: {
    retry: 'backoff',
    meaning: 'The operating system reported an input or output error on a database file.',
    hint: 'Look at the disk with `dmesg` and `df`; restore from a backup when it persists.',
  },
  DATABASE_NOT_WRITABLE_BY_DECLARATION: {
    retry: 'never',
    meaning: 'A change was asked for in a database that is declared `manage: observe`.',
    hint: 'Change `manage` in the desired state when Trueup shall repair this database.',
  },
  SCHEMA_CHANGE_REFUSED: {
    retry: 'human',
    meaning:
      'SQLite refused a change of a table, or the change would have broken a view, trigger or foreign key; it was rolled back.',
    hint: 'Mend what the message names (often a view that refers to something missing), then look again.',
  },
  SOURCE_UNREADABLE: {
    retry: 'human',
    meaning: 'A source of an import cannot be read.',
    hint: 'Correct the file named in the message; the other sources are imported meanwhile.',
  },
  ACTION_STALE: {
    retry: 'after',
    meaning: 'What an action was planned on has changed since; it was not carried out.',
    hint: 'Look at the new plan and approve again.',
  },
  ACTION_DEADLINE: {
    retry: 'backoff',
    meaning: 'An action did not end within its deadline.',
    hint: 'It is probed and resumed by itself; look at `trueup why RESOURCE`.',
  },
  ACTION_FAILED: {
    retry: 'backoff',
    meaning: 'An action or a look failed for a reason that Trueup has no own word for.',
    hint: 'It is tried again with growing pauses; report the message when it persists.',
  },
  ACTION_UNKNOWN: {
    retry: 'human',
    meaning: 'Whether an action took effect cannot be found out.',
    hint: 'Look at the resource by hand, then approve or reject the action.',
  },
  ACTION_NOT_UNDOABLE: {
    retry: 'never',
    meaning: 'An action cannot be undone: it is irreversible, was undone already, or its checkpoint has expired.',
    hint: 'Restore from a backup instead.',
  },
  ACTION_NOT_FOUND: {
    retry: 'never',
    meaning: 'No action has that id.',
    hint: 'List the ids with `trueup approvals` or `trueup status`.',
  },
  SQLITE_NOT_BUILT: {
    retry: 'human',
    meaning: 'The package better-sqlite3 is not built for this machine and this Node.js.',
    hint: 'Let `npm ci` end, or run `npm rebuild better-sqlite3`, which needs python3, make and a C++ compiler; `trueup doctor` checks it.',
  },
  WORKER_DIED: {
    retry: 'backoff',
    meaning: 'A thread or process that Trueup started for a piece of work ended before it answered.',
    hint: 'It is tried again by itself; if it persists, look for out-of-memory kills with `dmesg`.',
  },
  PROCESS_NOT_STARTED: {
    retry: 'backoff',
    meaning: 'A declared program could not be started.',
    hint: 'Look at what the message names; it is tried again by itself.',
  },
  PROCESS_NOT_ENDED: {
    retry: 'backoff',
    meaning: 'A program did not end although it was killed.',
    hint: 'It is probably stuck in a call to a disk or network; look at it with `ps`. It is tried again by itself.',
  },
  PLUGIN_UNUSABLE: {
    retry: 'human',
    meaning: 'A declared plug-in cannot be loaded, or gives no kinds as it must.',
    hint: 'Mend the module that `plugins` names, or take its entry out; see docs/plugins.md.',
  },
  LEASE_HELD: {
    retry: 'after',
    meaning: 'Another Trueup works on this workspace.',
    hint: 'Use its API, stop it, or wait until its lease ends.',
  },
  LEASE_LOST: {
    retry: 'after',
    meaning: 'The lease of this Trueup ended while it worked; it stopped acting.',
    hint: 'Another Trueup took over; nothing needs doing.',
  },
  JOURNAL_UNWRITABLE: {
    retry: 'backoff',
    meaning: 'The journal cannot be written, so nothing may be changed.',
    hint: 'Free space and check the permissions of the .trueup folder.',
  },
  JOURNAL_BROKEN: {
    retry: 'human',
    meaning: 'The hash chain of the journal is broken: an entry was changed or removed.',
    hint: 'Keep a copy, find out who changed it, and run `trueup audit verify`.',
  },
  JOURNAL_TOO_NEW: {
    retry: 'human',
    meaning: 'The journal was written by a newer Trueup.',
    hint: 'Upgrade Trueup again, or go back: put .trueup/journal.db.vN, which the upgrade kept, in the place of journal.db; see docs/OPERATIONS.md.',
  },
  CONTROLLER_UNREACHABLE: {
    retry: 'backoff',
    meaning: 'A controller holds this workspace, but its API does not answer.',
    hint: 'Look at its log, or stop it and try again.',
  },
  UNAUTHENTICATED: {
    retry: 'human',
    meaning: 'The request carries no valid token.',
    hint: 'Send `Authorization: Bearer TOKEN`; the first token is in .trueup/admin.token.',
  },
  FORBIDDEN: {
    retry: 'human',
    meaning: 'The token does not allow this.',
    hint: 'Ask an admin for a role that allows it.',
  },
  NOT_FOUND: { retry: 'never', meaning: 'There is nothing under that name.', hint: 'Check the name.' },
  USAGE: {
    retry: 'never',
    meaning: 'The command or request was not formed as it must be.',
    hint: 'See `trueup COMMAND --help`.',
  },
  QUERY_TOO_LONG: {
    retry: 'never',
    meaning: 'A search through the records took longer than is allowed, and was ended.',
    hint: 'Ask for less at once: fewer conditions, or one on a field that has an index.',
  },
  QUERY_REFUSED: {
    retry: 'never',
    meaning: 'The SQL was refused: only one reading statement is allowed, within time and size limits.',
    hint: 'Use a single SELECT and a LIMIT.',
  },
  LEAD_INVALID: {
    retry: 'never',
    meaning: 'A value given for a lead is not valid for its field.',
    hint: 'Correct the fields named in the message.',
  },
  LEAD_DUPLICATE: {
    retry: 'never',
    meaning: 'A lead with the same unique value exists already.',
    hint: 'Update the lead named in the message instead.',
  },
  LEAD_SUPPRESSED: {
    retry: 'never',
    meaning: 'The values are those of a person who was erased; nothing may bring them back.',
    hint: 'If the erasure was wrong, an admin lifts it: `trueup leads suppressions list`, then `trueup leads suppressions lift ID`.',
  },
  CONTACT_NOT_ALLOWED: {
    retry: 'never',
    meaning:
      'Somebody is marked as not to be contacted, and only a person who may allow it takes that back, with a reason.',
    hint: 'Whoever has the right `contact.allow` says so: `trueup leads allow-contact KEY --reason "…"`.',
  },
  SUPPRESSION_KEY_LOST: {
    retry: 'human',
    meaning:
      'People were erased, but the key by which they are recognised is not there, so nobody could be kept from coming back.',
    hint: 'Restore `.trueup/suppression.key` from a backup; until then nothing is imported, written by the API or synced.',
  },
  BACKUP_TARGET_UNUSABLE: {
    retry: 'backoff',
    meaning: 'A place that backups are to go to cannot be used: it is no folder, or may not be written.',
    hint: 'Correct `backups.*.to` in the desired state, or give the user that runs Trueup the right to write there.',
  },
  BACKUP_DAMAGED: {
    retry: 'human',
    meaning: 'A set of a backup is not what was written: bytes are missing, changed, or more than there were.',
    hint: 'Use another set (`trueup backup list`), look at the disk, and make a new one with `trueup backup create`.',
  },
  BACKUP_BEFORE_FAILED: {
    retry: 'backoff',
    meaning: 'The backup that must be made and verified before a risky action could not be; the action was not begun.',
    hint: 'Mend what the message names; the action is tried again by itself, and its approvals stand.',
  },
  BACKUP_KEY_NEEDED: {
    retry: 'never',
    meaning: 'A set of a backup is encrypted, and no private key that opens it was given.',
    hint: 'Pass `--identity FILE` with the file of the age key (AGE-SECRET-KEY-1…) that belongs to one of its recipients.',
  },
  BACKUP_RECIPIENT_INVALID: {
    retry: 'human',
    meaning: 'What `backups.*.encryptTo` gives is no age recipient.',
    hint: 'Give the public key (age1…) that `age-keygen` prints; nothing is backed up unencrypted in its place.',
  },
  OUTGOING_REFUSED: {
    retry: 'human',
    meaning: 'Something was to be sent to an address that Trueup does not send to.',
    hint: 'Give an http or https address whose name leads to the internet; a machine of your own network is written as its address (`http://10.0.0.5:8065/…`). See docs/security.md.',
  },
  OUTGOING_FAILED: {
    retry: 'backoff',
    meaning: 'A webhook, mail server or other target outside did not answer in time, or not at all.',
    hint: 'It is tried again by itself. When it persists, check the address and the network.',
  },
  ALERT_CHANNEL_UNUSABLE: {
    retry: 'human',
    meaning:
      'A channel of `alerts` cannot be used: its secret is not to be had, or is no address of the kind it must be.',
    hint: 'Put the address into the variable or file that the channel names, then try `trueup alert test CHANNEL`.',
  },
  AIRTABLE_TOKEN_MISSING: {
    retry: 'human',
    meaning:
      'The declared Airtable token is not to be had: the variable or file is not there, is empty, or holds no token.',
    hint: 'Put a personal access token into the variable or file that `airtable.token` names; it is taken up without a restart where it is a file.',
  },
  AIRTABLE_UNAUTHORIZED: {
    retry: 'human',
    meaning: 'Airtable does not know the token: it is wrong, was revoked, or has expired.',
    hint: 'Make a personal access token at airtable.com/create/tokens and put it where `airtable.token` says.',
  },
  AIRTABLE_FORBIDDEN: {
    retry: 'human',
    meaning:
      'Airtable refuses access: the token lacks a scope or its owner a permission, or there is no such base or table.',
    hint: 'Check that the base (and table) exist, that the token was given this base, and that it has the scopes data.records:read, data.records:write, schema.bases:read, schema.bases:write and webhook:manage.',
  },
  AIRTABLE_NOT_FOUND: {
    retry: 'human',
    meaning:
      'There is no such thing in Airtable: the base, table, record or webhook is gone, or the endpoint is no Airtable.',
    hint: 'Check `airtable.base`, `airtable.endpoint` and the names of tables in the desired state.',
  },
  AIRTABLE_RATE_LIMITED: {
    retry: 'after',
    meaning: 'Airtable refused calls because too many came in a second, from Trueup and whatever else uses the base.',
    hint: 'Nothing needs doing: calls rest for 30 seconds and go on. When it recurs, find what else uses the base, or lower `airtable.requestsPerSecond`.',
  },
  AIRTABLE_QUOTA_EXHAUSTED: {
    retry: 'human',
    meaning: 'The calls that the Airtable plan allows in a month are used up.',
    hint: 'Raise the plan, or wait for the first of the next month; poll less often (`pull.every`). Everything local goes on meanwhile.',
  },
  AIRTABLE_UNREACHABLE: {
    retry: 'backoff',
    meaning: 'Airtable cannot be reached, does not answer in time, or answers that it is in trouble.',
    hint: 'It is tried again by itself. When it persists, check the network, `airtable.endpoint` and status.airtable.com.',
  },
  AIRTABLE_REFUSED: {
    retry: 'never',
    meaning: 'Airtable refused a request as it was formed, whatever the values in it.',
    hint: 'Compare the base with the desired state: a field or table may have been deleted or have another type.',
  },
  AIRTABLE_RECORD_REFUSED: {
    retry: 'never',
    meaning: 'Airtable refused the values of a record.',
    hint: 'Correct the value, or the type of the field in Airtable; the other records go on without it.',
  },
  AIRTABLE_ITERATOR_EXPIRED: {
    retry: 'backoff',
    meaning: 'A list of records took too long between two pages, so Airtable forgot where it was.',
    hint: 'Nothing needs doing: the list is begun anew.',
  },
  AIRTABLE_PROTOCOL: {
    retry: 'backoff',
    meaning: 'Airtable answered in a form that Trueup does not know.',
    hint: 'Check that `airtable.endpoint` leads to Airtable and not to a proxy; if it does, report the message.',
  },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorTable

/** What is known besides the message; all of it may be shown to an operator, so it holds no secret and no cell value. */
export interface ErrorDetails {
  /** Replaces the table's hint where a more exact next step is known. */
  readonly hint?: string
  readonly cause?: unknown
  /** For retry `after`: the moment, in milliseconds since the epoch. */
  readonly retryAtMs?: number
}

/** An error of the world (a file, a lock, a network), which the engine turns into a condition with a next step. */
export class OperationalError extends Error {
  override readonly name = 'OperationalError'
  readonly code: ErrorCode
  readonly retry: Retry
  readonly hint: string
  readonly retryAtMs: number | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.retry = errorTable[code].retry
    this.hint = details.hint ?? errorTable[code].hint
    this.retryAtMs = details.retryAtMs
  }
}

/** A rule of docs/INVARIANTS.md does not hold: the program is wrong and stops rather than acts on. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation'
}

/** Stops the process by throwing when `holds` is false. Stays on in production. */
export function invariant(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new InvariantViolation(rule)
}

/** For the `default` of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new InvariantViolation(`unexpected value ${JSON.stringify(value)}`)
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
