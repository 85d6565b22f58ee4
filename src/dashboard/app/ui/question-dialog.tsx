/** The dialog in which a person is asked: the browser keeps the focus inside, and Escape is "back". */
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Question, question } from '../state/question.ts'

export function QuestionDialog() {
  const asked = question.value
  return asked === undefined ? null : <OpenDialog asked={asked} answer={asked.answer} />
}

function OpenDialog({ asked, answer }: { asked: Question; answer: (words: string | null) => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [words, setWords] = useState(asked.choices?.[0] ?? '')
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog ref={dialog} aria-labelledby="question" onCancel={() => answer(null)}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          answer(words.trim())
        }}
      >
        <h2 id="question">{asked.title}</h2>
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
        <p class="buttons">
          <button type="submit" class={asked.isDangerous === true ? 'danger' : 'main'}>
            {asked.yes}
          </button>
          <button type="button" onClick={() => answer(null)}>
            Back
          </button>
        </p>
      </form>
    </dialog>
  )
}
