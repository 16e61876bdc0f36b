namespace XCron.Daemon.Api;

/// <summary>A task to be created that is right but for its time, which has passed.</summary>
/// <param name="Json">The task as it came; valid as long as the request's body.</param>
/// <param name="Refusal">What it is refused with if it comes for the first time.</param>
internal readonly record struct LateCreate(ReadOnlyMemory<byte> Json, ApiError Refusal);
