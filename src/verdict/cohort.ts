/**
 * What two runs must have in common to be compared: axis by axis, such as `engine.version`. An axis that is not known is absent,
 * and unknown equals unknown only.
 */
export type Cohort = Readonly<Record<string, string>>
