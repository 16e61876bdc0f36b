namespace XCron.Daemon.Peers;

/// <summary>This node can belong to no cluster as it is configured; somebody must act.</summary>
internal sealed class FormationException(string message) : Exception(message);
