namespace XCron.Daemon.Api;

/// <summary>Why a request, or one task of a batch, was refused.</summary>
/// <param name="Code">One of <see cref="ApiCode"/>.</param>
/// <param name="Message">What is wrong, which field, and what would be right.</param>
internal sealed record ApiError(int Code, string Message)
{
    public static ApiError BadRequest(string message) => new(ApiCode.BadRequest, message);
}
