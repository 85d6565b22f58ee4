/** The views by the first part of their address; the server answers the same ones with the page. */
export const pages = [
  { path: '', title: 'Overview' },
  { path: 'queue', title: 'Queue' },
  { path: 'alerts', title: 'Alerts' },
  { path: 'conflicts', title: 'Conflicts' },
  { path: 'duplicates', title: 'Duplicates' },
  { path: 'resources', title: 'Resources' },
  { path: 'desired-state', title: 'Desired state' },
  { path: 'leads', title: 'Leads' },
  { path: 'timeline', title: 'Timeline' },
  { path: 'services', title: 'Services' },
  { path: 'backups', title: 'Backups' },
  { path: 'quality', title: 'Quality' },
  { path: 'trends', title: 'Trends' },
  { path: 'audit', title: 'Audit' },
  { path: 'access', title: 'Access' },
] as const

/** Views that no menu names: others link to them. */
export const linkedPages = ['actions'] as const

/** Whether an address of the server is one of the page's. */
export function isPagePath(path: string): boolean {
  const [, first = ''] = path.split('/')
  return pages.some((page) => page.path === first) || linkedPages.some((page) => page === first)
}
