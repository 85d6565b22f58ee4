/** Where in the page somebody is: the address is the only place that knows, so that every view can be linked. */
import { computed, signal } from '@preact/signals'

const here = signal({ path: location.pathname, search: location.search })
addEventListener('popstate', () => {
  here.value = { path: location.pathname, search: location.search }
})

export const path = computed(() => here.value.path)
export const query = computed(() => new URLSearchParams(here.value.search))
/** The parts of the path, decoded: `/resources/table/leads` gives three. */
export const segments = computed(() => here.value.path.split('/').filter(Boolean).map(decoded))

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Goes to an address of this page. */
export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', to)
  else history.replaceState(null, '', to)
  const moved = here.value.path !== location.pathname
  here.value = { path: location.pathname, search: location.search }
  if (moved) {
    scrollTo(0, 0)
    document.getElementById('main')?.focus({ preventScroll: true })
  }
  const target = location.hash.slice(1)
  if (how === 'push' && target !== '') awaitElement(target)
}

/** Scrolls to a place in a view, as soon as it is there. */
function awaitElement(id: string, triesLeft = 20): void {
  const element = document.getElementById(id)
  if (element !== null) element.scrollIntoView()
  else if (triesLeft > 0) setTimeout(() => awaitElement(id, triesLeft - 1), 150)
}

/** Changes what the address says behind the `?`; null takes an entry away. */
export function setQuery(change: Readonly<Record<string, string | readonly string[] | null>>): void {
  const next = new URLSearchParams(here.value.search)
  for (const [name, value] of Object.entries(change)) {
    next.delete(name)
    if (typeof value === 'string') {
      if (value !== '') next.set(name, value)
    } else for (const one of value ?? []) next.append(name, one)
  }
  const text = next.toString()
  navigate(here.value.path + (text === '' ? '' : `?${text}`), 'replace')
}

/** An address made of parts, each of which may hold any character. */
export function address(...parts: readonly string[]): string {
  return `/${parts.map(encodeURIComponent).join('/')}`
}

/** Follows links of this page without loading it again. Clicks that want another tab are the browser's. */
export function followLinks(): void {
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || link.target !== '' || link.origin !== location.origin || link.hasAttribute('data-leave'))
      return
    event.preventDefault()
    navigate(link.pathname + link.search + link.hash)
  })
}
