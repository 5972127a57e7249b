/** A version of one of Temporal's Worker Deployments: the workers of one build. */
export interface DeploymentVersion {
  deploymentName: string;
  buildId: string;
}
