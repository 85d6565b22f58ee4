/**
 * The editor of the desired state, loaded when it is first needed. It lives in a shadow root: there CodeMirror adopts its styles
 * as style sheets of their own, where in the document it would need a style element, which the page's policy forbids.
 */
import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import { foldGutter, HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { unifiedMergeView } from '@codemirror/merge'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import { EditorState, type Extension } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  hoverTooltip,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { explanationAt, namesAt, type Schema, valuesAt } from './schema-hints.ts'
import { placeAt } from './yaml-place.ts'

export interface LineProblem {
  readonly line: number
  readonly column: number
  readonly message: string
  readonly severity: 'error' | 'warning'
}

export interface Editor {
  /** The text byte for byte as it is typed, with the line ends that it came with. */
  text(): string
  setText(text: string): void
  /** Replaces the text as typing would, so that it can be taken back by Ctrl-Z, and shows a line of it. */
  replace(text: string, line: number): void
  setProblems(problems: readonly LineProblem[]): void
  /** Brings a line into view with the cursor in it. */
  goTo(line: number, column: number): void
  close(): void
}

export interface EditorOptions {
  readonly place: HTMLElement
  readonly label: string
  readonly text: string
  readonly isReadOnly: boolean
  readonly schema: Schema | undefined
  readonly onChange: (text: string) => void
}

const look = EditorView.theme({
  '&': { backgroundColor: 'var(--surface)', color: 'var(--ink)', fontSize: '14px', height: '100%' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-scroller': { fontFamily: 'ui-monospace, monospace', lineHeight: '1.5' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--page)', border: 'none', color: 'var(--quiet)' },
  '.cm-activeLine': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'var(--wash)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--chosen)',
  },
  '.cm-selectionMatch': { backgroundColor: 'var(--wash)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--surface)',
    border: '1px solid var(--line)',
    borderRadius: '4px',
    color: 'var(--ink)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'ui-monospace, monospace', maxHeight: '16em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--accent)',
    color: 'var(--on-accent)',
  },
  '.cm-completionDetail': { color: 'inherit', fontStyle: 'normal', opacity: '0.8' },
  '.cm-explanation, .cm-completionInfo': {
    font: '14px / 1.4 system-ui, sans-serif',
    maxWidth: 'min(26rem, 80vw)',
    padding: '6px 10px',
    whiteSpace: 'pre-line',
  },
  '.cm-diagnostic': { font: '14px / 1.4 system-ui, sans-serif' },
  '.cm-panels': { backgroundColor: 'var(--page)', color: 'var(--ink)' },
  '.cm-panels input, .cm-panels button': {
    background: 'var(--surface)',
    border: '1px solid var(--line)',
    borderRadius: '4px',
    color: 'var(--ink)',
    font: 'inherit',
  },
  '.cm-changedLine, .cm-insertedLine': { backgroundColor: 'var(--came)' },
  '.cm-deletedChunk': { backgroundColor: 'var(--went)' },
  '&.cm-merge-b .cm-changedText, .cm-deletedChunk .cm-deletedText, .cm-deletedChunk del': {
    background: 'none',
    fontWeight: '700',
    textDecoration: 'none',
  },
  '.cm-collapsedLines': {
    background: 'var(--wash)',
    color: 'var(--quiet)',
    cursor: 'pointer',
    padding: '4px 10px',
  },
})

const colours = HighlightStyle.define([
  { tag: tags.definition(tags.propertyName), color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--good)' },
  { tag: [tags.bool, tags.number, tags.null], color: 'var(--high)' },
  { tag: tags.comment, color: 'var(--quiet)', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--critical)' },
])

/** A place in the page in which CodeMirror's styles hold. */
function rootIn(place: HTMLElement): ShadowRoot {
  const root = place.shadowRoot ?? place.attachShadow({ mode: 'open' })
  root.replaceChildren()
  return root
}

function shared(label: string, text: string): Extension[] {
  return [
    // The line ends that the text has are the ones that a new line gets, and none is replaced.
    EditorState.lineSeparator.of(text.includes('\r\n') ? '\r\n' : '\n'),
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
    yaml(),
    syntaxHighlighting(colours),
    lineNumbers(),
    highlightSpecialChars(),
    look,
  ]
}

export function createEditor(options: EditorOptions): Editor {
  const { place, label, isReadOnly, schema } = options
  const root = rootIn(place)
  const stateOf = (text: string) =>
    EditorState.create({
      doc: text,
      extensions: [
        shared(label, text),
        history(),
        foldGutter(),
        drawSelection(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        lintGutter(),
        indentUnit.of('  '),
        EditorState.tabSize.of(2),
        EditorState.readOnly.of(isReadOnly),
        ...(schema === undefined ? [] : [hovering(schema), completing(schema)]),
        // Tab is left to the browser, so that nobody is caught in here by keyboard.
        keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.onChange(update.state.sliceDoc())
        }),
      ],
    })
  const view = new EditorView({ state: stateOf(options.text), parent: root, root })
  return {
    text: () => view.state.sliceDoc(),
    setText: (text) => view.setState(stateOf(text)),
    replace(text, line) {
      const { doc } = view.state
      view.dispatch({ changes: { from: 0, to: doc.length, insert: text }, userEvent: 'input' })
      const at = offsetOf(view.state, line, 1)
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
    },
    setProblems: (problems) =>
      view.dispatch(
        setDiagnostics(
          view.state,
          problems.map((problem) => diagnosticOf(problem, view.state)),
        ),
      ),
    goTo(line, column) {
      const at = offsetOf(view.state, line, column)
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
      view.focus()
    },
    close: () => view.destroy(),
  }
}

/** Shows what differs between two texts, with what is equal folded away. */
export function showDifference(place: HTMLElement, label: string, before: string, after: string): () => void {
  const root = rootIn(place)
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: after,
      extensions: [
        shared(label, after),
        EditorState.readOnly.of(true),
        unifiedMergeView({
          original: before,
          mergeControls: false,
          syntaxHighlightDeletions: false,
          collapseUnchanged: { margin: 3, minSize: 6 },
        }),
      ],
    }),
  })
  return () => view.destroy()
}

function offsetOf(state: EditorState, line: number, column: number): number {
  const { from, length } = state.doc.line(Math.min(Math.max(line, 1), state.doc.lines))
  return from + Math.min(Math.max(column - 1, 0), length)
}

function diagnosticOf({ line, column, message, severity }: LineProblem, state: EditorState): Diagnostic {
  const from = offsetOf(state, line, column)
  const rest = /^[^\s:,{}[\]]+/.exec(state.sliceDoc(from, Math.min(from + 200, state.doc.length)))
  return { from, to: from + (rest?.[0].length ?? 0), message, severity }
}

const completing = (schema: Schema) =>
  autocompletion({ override: [(context) => completionsAt(schema, context)], icons: false, maxRenderedOptions: 60 })

function completionsAt(schema: Schema, context: CompletionContext): CompletionResult | null {
  const place = placeAt(context.state.doc.sliceString(0, context.pos), context.pos)
  if (place.is === 'nothing') return null
  if (!context.explicit && place.from === context.pos) return null
  const hints = place.is === 'key' ? namesAt(schema, place.path, place.taken) : valuesAt(schema, place.path)
  return {
    from: place.from,
    options: hints.map(({ text, explanation, takes, isRequired }) => ({
      label: text,
      detail: [takes, isRequired ? 'required' : ''].filter((part) => part !== '').join(', '),
      boost: isRequired ? 1 : 0,
      ...(explanation === undefined ? {} : { info: explanation }),
      ...(place.is === 'key' ? { apply: `${text}: ` } : {}),
    })),
    validFor: /^[\w./-]*$/,
  }
}

/** What the word below the pointer means. */
const hovering = (schema: Schema) =>
  hoverTooltip((view, position) => {
    const word = view.state.wordAt(position)
    if (word === null) return null
    const text = view.state.doc.sliceString(0)
    const end = /^\s*:/.exec(text.slice(word.to, word.to + 20))
    const place = placeAt(text, end === null ? word.to : word.to + end[0].length + 1)
    const explanation = place.is === 'nothing' ? undefined : explanationAt(schema, place.path)
    if (explanation === undefined) return null
    return {
      pos: word.from,
      end: word.to,
      above: true,
      create() {
        const dom = document.createElement('div')
        dom.className = 'cm-explanation'
        dom.textContent = [place.path.join('.'), explanation].join('\n')
        return { dom }
      },
    }
  })
