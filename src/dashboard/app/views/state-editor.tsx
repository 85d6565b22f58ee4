/** The file in an editor: checked as it is typed, previewed before it is saved, saved only over the file that was read. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, messageOf } from '../api/client.ts'
import {
  applied,
  type Check,
  check,
  type DesiredState,
  desiredState,
  type Preview,
  planNow,
} from '../api/desired-state-shapes.ts'
import { documents } from '../api/documents.ts'
import type { Editor } from '../editor/editor.ts'
import { withField } from '../editor/field-line.ts'
import { loadSchema } from '../editor/load-schema.ts'
import { type Announcement, refusal } from '../state/announce.ts'
import { type Draft, draft, keepDraft, saved } from '../state/draft.ts'
import { noteFailure } from '../state/live.ts'
import { askPerson } from '../state/question.ts'
import { Do, Problem, Tag } from '../ui/parts.tsx'
import { counted } from '../ui/text.ts'
import { AddField } from './add-field.tsx'
import { Difference } from './difference.tsx'
import { PlanPreview } from './plan-preview.tsx'

const typingMs = 400
/** A check that could not be asked for is asked for again. */
const retryMs = 2000

/** `lockedBecause` is why somebody may look at the file and not change it. */
export function StateEditor({ file: told, lockedBecause }: { file: DesiredState; lockedBecause: string | undefined }) {
  const kept = draft.value
  const file = saved.value?.replaced === told.version ? saved.value.file : told
  useEffect(() => {
    if (saved.peek() !== undefined && saved.peek()?.replaced !== told.version) saved.value = undefined
  }, [told.version])
  const base: Draft['base'] = kept?.base ?? file
  const text = kept?.text ?? file.text
  const place = useRef<HTMLDivElement>(null)
  const editor = useRef<Editor | undefined>(undefined)
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const [checked, setChecked] = useState<(Check & { of: string }) | undefined>(undefined)
  const [preview, setPreview] = useState<Preview | undefined>(undefined)
  const isLocked = lockedBecause !== undefined

  // The editor keeps its text by itself; it is made anew only where the file takes the place of what was typed.
  const begunFrom = useRef(base)
  begunFrom.current = base
  useEffect(() => {
    let isGone = false
    Promise.all([import('../editor/editor.ts'), loadSchema()]).then(
      ([{ createEditor }, schema]) => {
        if (isGone || place.current === null) return
        editor.current = createEditor({
          place: place.current,
          label: 'desired-state.yaml',
          text: draft.peek()?.text ?? begunFrom.current.text,
          isReadOnly: isLocked,
          schema,
          onChange: (typed) => keepDraft(typed, begunFrom.current),
        })
      },
      (error: unknown) => setProblem(messageOf(error)),
    )
    return () => {
      isGone = true
      editor.current?.close()
      editor.current = undefined
    }
  }, [isLocked])
  // While somebody types, the editor is ahead of what is drawn: the file takes its place only where nothing was typed.
  useEffect(() => {
    if (draft.peek() === undefined && editor.current?.text() !== file.text) editor.current?.setText(file.text)
  }, [file.text, kept === undefined])

  useEffect(() => {
    if (isLocked) return undefined
    let isGone = false
    const look = () => {
      ask(documents.checkDesiredState, check, { yaml: text }).then(
        ({ validateDesiredState: found }) => {
          if (isGone) return
          setChecked({ ...found, of: text })
          editor.current?.setProblems([
            ...found.problems.map((one) => ({ ...one, severity: 'error' as const })),
            ...found.warnings.map((one) => ({ ...one, severity: 'warning' as const })),
          ])
        },
        (error: unknown) => {
          noteFailure(error)
          if (!isGone) timer = setTimeout(look, retryMs)
        },
      )
    }
    let timer = setTimeout(look, typingMs)
    return () => {
      isGone = true
      clearTimeout(timer)
    }
  }, [text, isLocked])

  const isChanged = kept !== undefined
  const current = checked?.of === text ? checked : undefined
  const movedOn = isChanged && file.version !== base.version
  return (
    <section aria-labelledby="file">
      <h2 id="file">desired-state.yaml</h2>
      {lockedBecause !== undefined && <p class="notice">{lockedBecause}</p>}
      {problem !== undefined && <Problem text={`The editor could not be loaded. ${problem}`} />}
      {movedOn && <MovedOn base={base} file={file} mine={text} />}
      {!isLocked && (
        <AddField
          text={text}
          onAdd={(wish) => {
            const added = withField(editor.current?.text() ?? text, wish)
            if (added !== undefined) editor.current?.replace(added.text, added.line)
          }}
        />
      )}
      <div class="code" ref={place} />
      {!isLocked && (
        <>
          <p class="quiet hint">
            Ctrl-Space completes, Ctrl-F searches, Tab leaves the editor. What you type stays as you typed it, comments
            and order too.
          </p>
          <Said checked={current} isChanged={isChanged} goTo={(line, column) => editor.current?.goTo(line, column)} />
          <p class="buttons stays">
            <Do
              isDisabled={!isChanged || current === undefined || current.problems.length > 0}
              work={() => previewOf(text, setPreview)}
            >
              Preview the plan
            </Do>
            <Do
              tone="main"
              isDisabled={!isChanged || movedOn || current === undefined || current.problems.length > 0}
              work={() => save(text, base, current)}
            >
              Save
            </Do>
            {isChanged && (
              <Do tone="quiet" work={dropEdits}>
                Drop my edits
              </Do>
            )}
          </p>
          {isChanged && preview !== undefined && preview.of === text && <PlanPreview of={preview} />}
          {isChanged && preview !== undefined && preview.of !== text && (
            <p class="quiet">The text changed since the plan was previewed; preview it again.</p>
          )}
        </>
      )}
    </section>
  )
}

/** What a person is told of the text as it stands, and where. */
function Said({
  checked,
  isChanged,
  goTo,
}: {
  checked: Check | undefined
  isChanged: boolean
  goTo: (line: number, column: number) => void
}) {
  const lines = checked === undefined ? [] : [...checked.problems, ...checked.warnings]
  return (
    <>
      <p aria-live="polite" class={checked !== undefined && checked.problems.length > 0 ? 'wrong' : 'quiet'}>
        {sentenceOf(checked, isChanged)}
      </p>
      {lines.length > 0 && (
        <ul class="plain">
          {lines.map((one) => (
            <li key={`${one.line}:${one.column}:${one.message}`}>
              <button type="button" class="quiet link" onClick={() => goTo(one.line, one.column)}>
                Line {one.line}
              </button>{' '}
              <code>{one.path}</code> {one.message}
            </li>
          ))}
        </ul>
      )}
      {checked !== undefined && isChanged && checked.changes.length > 0 && (
        <ul class="plain">
          {checked.changes.map((one) => (
            <li key={one.path + one.change}>
              <Tag word={one.change} tone={one.change === 'removed' ? 'high' : 'drifted'} /> <code>{one.path}</code>
              {one.from !== null && (
                <>
                  {' '}
                  from <code>{one.from}</code>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      {checked !== undefined && isChanged && checked.waits !== null && (
        <p class="notice bad">Saved, it would wait for a person: {checked.waits}.</p>
      )}
    </>
  )
}

function sentenceOf(checked: Check | undefined, isChanged: boolean): string {
  if (checked === undefined) return 'Checking…'
  if (checked.problems.length > 0) {
    const count = checked.problems.length
    return `${counted(count, 'problem')}: it cannot be saved before ${count === 1 ? 'it is' : 'they are'} mended.`
  }
  if (!isChanged) return 'It is valid, and saved.'
  return checked.changes.length === 0
    ? 'It is valid and not saved yet. It means what is in force: comments and order alone differ.'
    : `It is valid and not saved yet. ${counted(checked.changes.length, 'entry', 'entries')} of the desired state would change.`
}

/** The file is another one than the edit was begun from: nothing is saved over it unseen. */
function MovedOn({ base, file, mine }: { base: Draft['base']; file: Draft['base']; mine: string }) {
  return (
    <div class="notice bad" role="alert">
      <div class="grow">
        <p>The file was changed after you began. This is what was changed:</p>
        <Difference label="What was changed meanwhile" before={base.text} after={file.text} />
        <p class="buttons">
          <button type="button" onClick={() => keepDraft(mine, file)}>
            Keep my text; saving it takes that back
          </button>
          <Do tone="quiet" work={dropEdits}>
            Take the file as it is now, and drop my edits
          </Do>
        </p>
        <p class="quiet">Nothing is written before you press Save.</p>
      </div>
    </div>
  )
}

async function dropEdits(): Promise<undefined> {
  const sure = await askPerson({ title: 'Drop what you typed?', yes: 'Drop it', isDangerous: true })
  if (sure !== null) draft.value = undefined
  return undefined
}

async function previewOf(text: string, show: (preview: Preview) => void): Promise<Announcement | undefined> {
  const [{ applyDesiredState: outcome }, now] = await Promise.all([
    ask(documents.applyDesiredState, applied, { input: { yaml: text, dryRun: true } }),
    ask(documents.planNow, planNow),
  ])
  if (outcome.__typename !== 'DesiredStateAccepted') return refusal(outcome)
  show({ of: text, actions: outcome.plan?.actions ?? [], drift: outcome.drift ?? [], now })
  return undefined
}

/** Has the editor go on from what was saved, not from what was shown before. */
async function showSaved({ version }: Draft['base']): Promise<void> {
  const { desiredState: file } = await ask(documents.desiredState, desiredState)
  if (file.version !== version) saved.value = { replaced: version, file }
  draft.value = undefined
}

async function save(text: string, base: Draft['base'], checked: Check | undefined): Promise<Announcement | undefined> {
  const removed = checked?.changes.filter(({ change }) => change === 'removed') ?? []
  if (removed.length > 0) {
    const sure = await askPerson({
      title: `Save without ${counted(removed.length, 'entry', 'entries')} that ${removed.length === 1 ? 'is' : 'are'} there now?`,
      text: 'What they stood for is kept as it is, and is managed no more.',
      details: removed.map(({ path }) => path),
      yes: 'Save',
    })
    if (sure === null) return undefined
  }
  const { applyDesiredState: outcome } = await ask(documents.applyDesiredState, applied, {
    input: { yaml: text, expectedVersion: base.version },
  })
  switch (outcome.__typename) {
    case 'DesiredStateAccepted':
      await showSaved(base)
      return {
        tone: 'good',
        text: `Saved. Generation ${outcome.generation} is in force; what follows from it is looked at now.`,
        link: { to: '/', text: 'See what it does' },
      }
    case 'DesiredStateWaiting':
      await showSaved(base)
      return {
        tone: 'good',
        text: `Saved, but it waits for a person: ${outcome.reason ?? ''}`,
        link: { to: '/queue', text: 'To the queue' },
      }
    case 'DesiredStateStale':
      return {
        tone: 'bad',
        text: 'Nothing was saved: the file was changed after you began. What was changed is shown below.',
      }
    default:
      return refusal(outcome)
  }
}
