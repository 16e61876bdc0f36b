using XCron.Proto.Tasks;

namespace XCron.Daemon.Firing;

/// <summary>What a task's definition says about when it runs.</summary>
internal readonly record struct ScheduleTerms(TaskType Type, string Format, string Timezone, Misfire Misfire);
