// Keeps the status page fresh and sends what its buttons ask for. The page itself is rendered by the server.
const query = async (text, variables) => {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query: text, variables }),
  })
  const { data, errors } = await response.json()
  if (errors !== undefined) throw new Error(errors.map((error) => error.message).join('; '))
  return data
}

let underWay = false
let again = false

async function refresh() {
  if (underWay) {
    again = true
    return
  }
  underWay = true
  try {
    const response = await fetch('/', { headers: { accept: 'text/html' } })
    const next = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('state')
    const now = document.getElementById('state')
    if (next === null) location.assign('/sign-in')
    else if (!now.contains(document.activeElement) || document.activeElement.tagName !== 'BUTTON') {
      const answer = document.getElementById('answer').textContent
      now.replaceWith(next)
      document.getElementById('answer').textContent = answer
    }
    document.body.classList.remove('stale')
  } catch {
    document.body.classList.add('stale')
  }
  underWay = false
  if (again) {
    again = false
    setTimeout(refresh, 300)
  }
}

const approveText = `mutation ($input: ApproveActionsInput!) { approveActions(input: $input) { __typename
  ... on Approved { actions { approvalsGiven approvalsNeeded } } ... on UserError { message } } }`
const rejectText = `mutation ($input: RejectActionsInput!) { rejectActions(input: $input) { __typename
  ... on Rejected { notPending } ... on UserError { message } } }`

async function approve(id) {
  const planId = document.getElementById('state').dataset.plan
  const { approveActions: result } = await query(approveText, { input: { planId, actionIds: [id] } })
  if (result.__typename !== 'Approved') return result.message
  const [{ approvalsGiven, approvalsNeeded }] = result.actions
  return approvalsGiven < approvalsNeeded
    ? `Approved; ${approvalsNeeded - approvalsGiven} more person must approve.`
    : 'Approved; it is carried out now.'
}

async function reject(id) {
  const reason = prompt('Why is it rejected?')
  if (reason === null || reason.trim() === '') return 'Not rejected: a reason is needed.'
  const { rejectActions: result } = await query(rejectText, { input: { actionIds: [id], reason } })
  if (result.__typename !== 'Rejected') return result.message
  return result.notPending.length > 0 ? 'It was not pending any more.' : 'Rejected.'
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('button[data-do]')
  if (button === null) return
  button.disabled = true
  let answer
  try {
    answer = await (button.dataset.do === 'approve' ? approve : reject)(button.dataset.action)
  } catch (error) {
    answer = error.message
  }
  button.blur()
  document.getElementById('answer').textContent = answer
  await refresh()
})

const events = new EventSource(`/graphql?query=${encodeURIComponent('subscription { events { cursor } }')}`)
let waiting
events.addEventListener('next', () => {
  clearTimeout(waiting)
  waiting = setTimeout(refresh, 300)
})
setInterval(refresh, 15_000)
