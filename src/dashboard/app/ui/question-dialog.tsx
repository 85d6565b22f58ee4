/** The dialog in which a person is asked. */
import { useState } from 'preact/hooks'
import { type Question, question } from '../state/question.ts'
import { Dialog } from './dialog.tsx'

export function QuestionDialog() {
  const asked = question.value
  return asked === undefined ? null : <OpenDialog asked={asked} answer={asked.answer} />
}

function OpenDialog({ asked, answer }: { asked: Question; answer: (words: string | null) => void }) {
  const [words, setWords] = useState(asked.choices?.[0] ?? '')
  return (
    <Dialog
      title={asked.title}
      yes={asked.yes}
      isDangerous={asked.isDangerous === true}
      onYes={() => answer(words.trim())}
      onBack={() => answer(null)}
    >
      {asked.text !== undefined && <p>{asked.text}</p>}
      {asked.details !== undefined && (
        <ul>
          {asked.details.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {asked.choices !== undefined && (
        <label>
          {asked.label}
          <select value={words} onChange={(event) => setWords(event.currentTarget.value)}>
            {asked.choices.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </select>
        </label>
      )}
      {asked.choices === undefined && asked.label !== undefined && (
        <label>
          {asked.label}
          {asked.isRequired === true ? '' : ' (may be left out)'}
          <textarea
            rows={3}
            maxLength={1000}
            required={asked.isRequired === true}
            value={words}
            onInput={(event) => setWords(event.currentTarget.value)}
          />
        </label>
      )}
    </Dialog>
  )
}
