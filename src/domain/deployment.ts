/** A version of one of Temporal's Worker Deployments: the workers of one build. */
export interface DeploymentVersion {
  deploymentName: string;
  buildId: string;
}

/** Who runs the workflows. */
export interface DeploymentState {
  /** Whether this process has the version that gets the workflow tasks. */
  isCurrent: boolean;
  /** Workers of that version, by their polls. If there are none, no workflow continues. */
  workers: number;
}
