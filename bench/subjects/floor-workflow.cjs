const { proxyLocalActivities } = require('@temporalio/workflow');

const { post } = proxyLocalActivities({ startToCloseTimeout: '1 minute' });

exports.floor = (key) => post(key);
