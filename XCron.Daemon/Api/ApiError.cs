namespace XCron.Daemon.Api;

/// <summary>Why a request, or one task of a batch, was refused.</summary>
/// <param name="Code">One of <see cref="ApiCode"/>.</param>
/// <param name="Message">What is wrong, which field, and what would be right.</param>
internal sealed record ApiError(int Code, string Message)
{
    /// <summary>Only since its time has passed: the same request may have been right when it came first.</summary>
    public bool IsTooLate { get; init; }

    public static ApiError BadRequest(string message) => new(ApiCode.BadRequest, message);
}
