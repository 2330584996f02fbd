package kinesis

import "errors"

func faultOf(err error) fault {
	var request *requestError
	if errors.As(err, &request) {
		return request.fault
	}
	return throttled
}
