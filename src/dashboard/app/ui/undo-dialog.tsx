/** The dialog in which a person decides, record by record, what an undo does with later changes. */
import { useState } from 'preact/hooks'
import type { UndoConflict } from '../api/undo-shapes.ts'
import { address } from '../state/route.ts'
import { choiceOf, type Side, type UndoChoice, type UndoQuestion, undoQuestion } from '../state/undo-choice.ts'
import { Dialog } from './dialog.tsx'
import { Ago, Value } from './parts.tsx'
import { Table } from './table.tsx'
import { counted } from './text.ts'

export function UndoDialog() {
  const asked = undoQuestion.value
  return asked === undefined ? null : <OpenDialog asked={asked} answer={asked.answer} />
}

function OpenDialog({ asked, answer }: { asked: UndoQuestion; answer: (choice: UndoChoice | null) => void }) {
  const [rest, setRest] = useState<Side>('keep')
  const [own, setOwn] = useState<ReadonlyMap<string, Side>>(new Map())
  const { conflicts, unlisted, notes } = asked
  const total = conflicts.length + unlisted
  return (
    <Dialog
      title={`${counted(total, 'record')} ${total === 1 ? 'was' : 'were'} changed since`}
      yes="Undo"
      isBroad
      onYes={() => answer(choiceOf(asked, rest, own))}
      onBack={() => answer(null)}
    >
      <p>{asked.what}</p>
      {notes.length > 0 && (
        <ul>
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <label>
        Where nothing else is chosen below
        <select value={rest} onChange={(event) => setRest(event.currentTarget.value === 'take' ? 'take' : 'keep')}>
          <option value="keep">keep what is there now</option>
          <option value="take">take it back over the later change</option>
        </select>
      </label>
      {conflicts.map((conflict) => (
        <Record
          key={`${conflict.actionId} ${conflict.table} ${conflict.key}`}
          conflict={conflict}
          side={own.get(conflict.key) ?? rest}
          choose={(side) => setOwn(new Map([...own, [conflict.key, side]]))}
        />
      ))}
      {unlisted > 0 && (
        <p>
          {counted(unlisted, 'more record')} {unlisted === 1 ? 'is' : 'are'} not listed here:{' '}
          {rest === 'keep' ? 'they stay as they are.' : 'they are taken back as well, unseen.'}
        </p>
      )}
    </Dialog>
  )
}

const kinds: Readonly<Record<string, string>> = {
  CHANGED: 'holds something else now',
  GONE: 'was deleted since',
  BACK: 'was deleted, and one with its key is there again',
}

function Record({ conflict, side, choose }: { conflict: UndoConflict; side: Side; choose: (side: Side) => void }) {
  const { table, key, kind, cells, changedBy } = conflict
  const name = `undo ${conflict.actionId} ${table} ${key}`
  return (
    <fieldset>
      <legend>
        {table} <span class="key">{key}</span> {kinds[kind] ?? kind}
      </legend>
      <p class="quiet">
        {changedBy === null ? (
          'Changed by another program, or that is not known.'
        ) : (
          <>
            Changed by {changedBy.actor} <Ago at={changedBy.at} />:{' '}
            <a href={address('actions', changedBy.actionId)} target="_blank" rel="noreferrer">
              {changedBy.summary}
            </a>
          </>
        )}
      </p>
      {cells.length > 0 && (
        <Table label={`Cells of ${key}`} columns={['Field', 'Before it', 'It made', 'Now']}>
          {cells.map((cell) => (
            <tr key={cell.field}>
              <th scope="row">{cell.field}</th>
              <td class={side === 'take' ? 'after' : ''}>
                <Value of={cell.before} />
              </td>
              <td>
                <Value of={cell.made} />
              </td>
              <td class={side === 'keep' ? 'after' : ''}>
                <Value of={cell.now} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      <p class="buttons">
        <label class="check">
          <input type="radio" name={name} checked={side === 'keep'} onChange={() => choose('keep')} />
          Keep what is there now
        </label>
        <label class="check">
          <input type="radio" name={name} checked={side === 'take'} onChange={() => choose('take')} />
          Take it back
        </label>
      </p>
    </fieldset>
  )
}
