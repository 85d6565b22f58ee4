/** Asks what a new field is called and holds, and puts it into the text of the desired state; nothing is saved by that. */
import { useState } from 'preact/hooks'
import { choiceTypes, type FieldWish, fieldTypes, tablesIn } from '../editor/field-line.ts'

export function AddField({ text, onAdd }: { text: string; onAdd: (wish: FieldWish) => void }) {
  const tables = tablesIn(text)
  const [chosen, setTable] = useState('')
  const [name, setName] = useState('')
  const [type, setType] = useState('text')
  const [choices, setChoices] = useState('')
  const [airtable, setAirtable] = useState('')
  const table = tables.includes(chosen) ? chosen : tables[0]
  if (table === undefined) return null
  return (
    <details id="add-field" open={location.hash === '#add-field'}>
      <summary>Add a field</summary>
      <form
        class="toolbar"
        aria-label="Add a field"
        onSubmit={(event) => {
          event.preventDefault()
          onAdd({
            table,
            name,
            type,
            choices: choices
              .split(',')
              .map((one) => one.trim())
              .filter((one) => one !== ''),
            airtable: airtable.trim(),
          })
          setName('')
          setAirtable('')
        }}
      >
        <label>
          Table
          <select value={table} onChange={(event) => setTable(event.currentTarget.value)}>
            {tables.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label>
          Name
          <input
            value={name}
            required
            pattern="[a-z][a-z0-9_]*"
            title="Small letters, digits and _, a letter first"
            placeholder="region"
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label>
          What it holds
          <select value={type} onChange={(event) => setType(event.currentTarget.value)}>
            {fieldTypes.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        {choiceTypes.includes(type) && (
          <label>
            Choices, with commas
            <input value={choices} required onInput={(event) => setChoices(event.currentTarget.value)} />
          </label>
        )}
        <label>
          Name in Airtable
          <input
            value={airtable}
            placeholder="not kept there"
            onInput={(event) => setAirtable(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Put it into the text</button>
      </form>
      <p class="quiet hint">It is written below the last field of the table. Nothing happens before you save.</p>
    </details>
  )
}
