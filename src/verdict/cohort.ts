import { digestOf } from '../dsl/digest.ts'

/**
 * What two runs must have in common to be compared: axis by axis, such as `engine.version`. An axis that is not known is absent,
 * and unknown equals unknown only.
 */
export type Cohort = Readonly<Record<string, string>>

/** Short name of a cohort: equal cohorts have equal ones. */
export function cohortDigest(cohort: Cohort): string {
  return digestOf(cohort).slice(0, 8)
}

/** An axis on which two cohorts differ; the side that does not know it has no value. */
export interface AxisDifference {
  axis: string
  reference?: string
  measured?: string
}

/**
 * A cohort without some of its axes.
 * @param ignore names of axes, or of groups of them; those of the environment also by their bare names
 */
export function withoutAxes(cohort: Cohort, ignore: readonly string[]): Cohort {
  const names = ignore.flatMap((name) => [name, `environment.${name}`])
  return Object.fromEntries(Object.entries(cohort).filter(([axis]) => !isAxisOf(axis, names)))
}

/** Whether an axis is one of those named, or lies below one: `engine` names `engine.version`. */
export function isAxisOf(axis: string, named: readonly string[]): boolean {
  return named.some((name) => axis === name || axis.startsWith(`${name}.`))
}

/** A difference in words: `engine.version 0.6.1, now 0.7.0`. */
export function differenceText({ axis, reference = 'unknown', measured = 'unknown' }: AxisDifference): string {
  return `${axis} ${reference}, now ${measured}`
}

/** The axes on which two cohorts differ, in the order of their names. */
export function differences(reference: Cohort, measured: Cohort): AxisDifference[] {
  const axes = [...new Set([...Object.keys(reference), ...Object.keys(measured)])].toSorted()
  return axes
    .filter((axis) => reference[axis] !== measured[axis])
    .map((axis) => ({
      axis,
      ...(reference[axis] === undefined ? {} : { reference: reference[axis] }),
      ...(measured[axis] === undefined ? {} : { measured: measured[axis] }),
    }))
}
