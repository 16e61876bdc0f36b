namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// The process died at an operation of its disk. No IOException: nothing in the product may handle it.
/// </summary>
internal sealed class SimulatedDiskCrash(int operation) : Exception($"Died at operation {operation} of the disk.");
