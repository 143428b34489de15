/** Takes this package's own frames off an error's stack, so that Vitest points at the user's line. */
export function withoutOwnFrames<Thrown extends Error>(error: Thrown): Thrown {
  const lines = (error.stack ?? '').split('\n')
  const first = lines.findIndex((line) => /^\s+at /.test(line))
  if (first === -1) return error
  const users = lines.slice(first).filter((line) => !OWN_PLACES.some((place) => line.includes(place)))
  // An error without any frame of the user's is better told with ours than with none.
  if (users.some((line) => !/node:|\/node_modules\//.test(line))) error.stack = [...lines.slice(0, first), ...users].join('\n')
  return error
}

/** The same error with the stack of another place: what is thrown later, of a call that was made there. */
export function thrownAt<Thrown extends Error>(place: Error, error: Thrown): Thrown {
  const frames = (place.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  if (frames.length > 0) error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n')
  return error
}

const OWN_FOLDER = new URL('../..', import.meta.url)

/** Folders of this package's code, as built and as source maps name them. */
const OWN_PLACES = ['.', '..'].flatMap((up) =>
  ['src', 'reporters'].flatMap((room) => {
    const folder = new URL(`${up}/${room}/`, OWN_FOLDER)
    return [folder.href, folder.pathname]
  }),
)
