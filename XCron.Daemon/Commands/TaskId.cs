using System.Globalization;

namespace XCron.Daemon.Commands;

/// <summary>A task's id: positive, unique in the cluster, rising roughly with time.</summary>
internal readonly record struct TaskId(long Value) : IComparable<TaskId>
{
    public int CompareTo(TaskId other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
