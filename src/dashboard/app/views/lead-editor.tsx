/**
 * Edits one record. It sends only what was changed, with the version it was read in: where somebody else changed the record
 * meanwhile, nothing is written, and the person sees both values.
 */
import { useState } from 'preact/hooks'
import { ask } from '../api/client.ts'
import {
  type Column,
  type RecordView,
  recordDocument,
  recordShape,
  updateDocument,
  writtenShape,
} from '../api/records.ts'
import { type Announcement, announce } from '../state/announce.ts'
import { parsedValue } from '../state/lead-filter.ts'
import { address } from '../state/route.ts'
import type { KnownTable } from '../state/tables.ts'
import { Do, Value } from '../ui/parts.tsx'
import { Table } from '../ui/table.tsx'
import { isEmpty, label } from '../ui/text.ts'
import { waitingOr } from './duplicates.tsx'

const longText = 80

/** A value as it stands in a field of the form. */
function formText(value: unknown): string {
  if (isEmpty(value)) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export function LeadEditor({
  record,
  known,
  onDone,
}: {
  record: RecordView
  known: KnownTable
  onDone: (replacedVersion?: string) => void
}) {
  // The record as it was when editing began: what is shown may move on meanwhile.
  const [base, setBase] = useState(record)
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({})
  const [reason, setReason] = useState('')
  const [theirs, setTheirs] = useState<RecordView | undefined>(undefined)
  const editable = known.columns.filter((column) => column.editable)
  const changed = editable.filter(({ name }) => texts[name] !== undefined && texts[name] !== formText(base[name]))

  async function save(): Promise<Announcement | undefined> {
    if (changed.length === 0) {
      onDone()
      return { tone: 'good', text: 'Nothing was changed.' }
    }
    const values = Object.fromEntries(
      changed.map((column) => {
        const text = texts[column.name] ?? ''
        return [column.name, text === '' ? null : parsedValue(column, text)]
      }),
    )
    const { outcome } = await ask(updateDocument(known.table), writtenShape, {
      input: {
        id: base.id,
        expectedVersion: base.rowVersion,
        ...values,
        ...(reason === '' ? {} : { changeReason: reason }),
      },
    })
    if (outcome.__typename === 'VersionConflict') {
      const { record: now } = await ask(recordDocument(known.table, known.columns, known.judged), recordShape, {
        id: base.id,
      })
      if (now === null) return { tone: 'bad', text: 'Nothing was saved: the record is no longer there.' }
      setTheirs(now)
      return { tone: 'bad', text: 'Nothing was saved: somebody changed the record while you did. Choose below.' }
    }
    if (outcome.__typename === 'DuplicateValue' && outcome.existingId !== undefined) {
      return {
        tone: 'bad',
        text: outcome.message ?? '',
        link: { to: address('leads', outcome.existingId), text: 'The other record' },
      }
    }
    if (outcome.__typename !== `${known.table.type}Saved`) return waitingOr(outcome)
    const { actionId } = outcome
    announce({
      tone: 'good',
      text: 'Saved.',
      ...(actionId === null || actionId === undefined
        ? {}
        : { link: { to: address('actions', actionId), text: 'See it, or undo it' } }),
    })
    onDone(actionId === null || actionId === undefined ? undefined : base.rowVersion)
    return undefined
  }

  return (
    <form class="editor" aria-label="Edit the record" onSubmit={(event) => event.preventDefault()}>
      {theirs !== undefined && (
        <Meanwhile
          base={base}
          theirs={theirs}
          columns={editable}
          texts={texts}
          keepMine={() => {
            setBase(theirs)
            setTheirs(undefined)
          }}
          takeTheirs={() => {
            const differing = editable.filter(({ name }) => formText(theirs[name]) !== formText(base[name]))
            setTexts(
              Object.fromEntries(Object.entries(texts).filter(([name]) => !differing.some((one) => one.name === name))),
            )
            setBase(theirs)
            setTheirs(undefined)
          }}
        />
      )}
      <div class="form">
        {editable.map((column) => (
          <Field
            key={column.name}
            column={column}
            text={texts[column.name] ?? formText(base[column.name])}
            onText={(text) => setTexts({ ...texts, [column.name]: text })}
          />
        ))}
        <label>
          Why (may be left out)
          <input value={reason} maxLength={1000} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
      </div>
      <p class="buttons">
        <Do tone="main" work={save} isDisabled={theirs !== undefined}>
          Save
        </Do>
        <button type="button" onClick={() => onDone()}>
          Back
        </button>
        <span class="quiet">
          {changed.length > 0 && `Changed: ${changed.map(({ name }) => label(name)).join(', ')}`}
        </span>
      </p>
    </form>
  )
}

function Field({ column, text, onText }: { column: Column; text: string; onText: (text: string) => void }) {
  const { name, is } = column
  const id = `field-${name}`
  const choices = is === 'boolean' ? ['true', 'false'] : column.choices
  return (
    <div>
      <label for={id}>{label(name)}</label>
      {choices.length > 0 ? (
        <select id={id} value={text} onChange={(event) => onText(event.currentTarget.value)}>
          <option value="">(empty)</option>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : text.length > longText || is === 'json' ? (
        <textarea id={id} rows={4} value={text} onInput={(event) => onText(event.currentTarget.value)} />
      ) : (
        <input
          id={id}
          value={text}
          inputMode={is === 'number' ? 'decimal' : 'text'}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      )}
    </div>
  )
}

interface MeanwhileProps {
  readonly base: RecordView
  readonly theirs: RecordView
  readonly columns: readonly Column[]
  readonly texts: Readonly<Record<string, string>>
  readonly keepMine: () => void
  readonly takeTheirs: () => void
}

/** What somebody else wrote, beside what the person was about to. */
function Meanwhile({ base, theirs, columns, texts, keepMine, takeTheirs }: MeanwhileProps) {
  const differing = columns.filter(({ name }) => formText(theirs[name]) !== formText(base[name]))
  return (
    <div class="notice bad">
      <div class="grow">
        <p>Somebody changed this record after you began.</p>
        <Table label="What was changed meanwhile" columns={['Field', 'When you began', 'Now', 'Yours']}>
          {differing.map(({ name }) => (
            <tr key={name}>
              <th scope="row">{label(name)}</th>
              <td>
                <Value of={base[name]} />
              </td>
              <td>
                <Value of={theirs[name]} />
              </td>
              <td>{texts[name] === undefined ? 'not changed by you' : <Value of={texts[name]} />}</td>
            </tr>
          ))}
        </Table>
        <p class="buttons">
          <button type="button" onClick={takeTheirs}>
            Take what is there now, where both changed it
          </button>
          <button type="button" onClick={keepMine}>
            Keep mine
          </button>
        </p>
        <p class="quiet">Nothing is written before you press Save.</p>
      </div>
    </div>
  )
}
