/** The shape that all dialogs have: the browser keeps the focus inside, Escape is "back", and the focus returns to where it was. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

export interface DialogOptions {
  readonly title: string
  readonly yes: string
  readonly isDangerous?: boolean
  readonly isBroad?: boolean
  readonly onYes: () => void
  readonly onBack: () => void
  readonly children: ComponentChildren
}

export function Dialog({ title, yes, isDangerous = false, isBroad = false, onYes, onBack, children }: DialogOptions) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog ref={dialog} class={isBroad ? 'broad' : ''} aria-labelledby="dialog-title" onCancel={onBack}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onYes()
        }}
      >
        <h2 id="dialog-title">{title}</h2>
        {children}
        <p class="buttons">
          <button type="submit" class={isDangerous ? 'danger' : 'main'}>
            {yes}
          </button>
          <button type="button" onClick={onBack}>
            Back
          </button>
        </p>
      </form>
    </dialog>
  )
}
